use aws_smithy_runtime_api::client::orchestrator::Metadata;
use std::fmt;

/// Which operation of which service a request is for. [`super::Cloud`]'s clients put it into their requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call {
    /// As in IAM policies: `ec2`, `secretsmanager`.
    pub service: String,
    /// `CreateVpc`
    pub operation: String,
}

impl Call {
    pub fn new(service: &str, operation: &str) -> Self {
        Self { service: service.to_owned(), operation: operation.to_owned() }
    }

    /// Whether it leaves everything as it is.
    pub fn is_read(&self) -> bool {
        ["Describe", "Get", "List", "Head", "Filter"].iter().any(|verb| self.operation.starts_with(verb))
    }
}

impl From<&Metadata> for Call {
    fn from(metadata: &Metadata) -> Self {
        let service = match metadata.service() {
            "CloudWatch Logs" => "logs".to_owned(),
            other => other.to_lowercase().replace(' ', ""),
        };
        Self { service, operation: metadata.name().to_owned() }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.operation)
    }
}
