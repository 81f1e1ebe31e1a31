use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const RDS_VERSION: &str = "2014-10-31";
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The body of a request in AWS's query protocol, as RDS speaks it.
#[derive(Clone)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// `None` for every other protocol and service.
    pub(super) fn of_rds(request: &HttpRequest) -> Option<Self> {
        let kind = request.headers().get("content-type")?;
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return None;
        }
        let form = Self::parse(std::str::from_utf8(request.body().bytes()?).ok()?);
        // EC2 and IAM speak it too, in versions of their own.
        (form.get("Version") == Some(RDS_VERSION)).then_some(form)
    }

    fn parse(body: &str) -> Self {
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = body.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(k, v)| (decode(k), decode(v)))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.0.push((name.to_owned(), value.into()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// Makes it the body of `request`, whose signature no longer fits.
    pub(super) fn put_into(&self, request: &mut HttpRequest) {
        let body = self.encode();
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = SdkBody::from(body);
    }

    fn encode(&self) -> String {
        let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        self.0
            .iter()
            .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
            .collect::<Vec<_>>()
            .join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_survive() {
        let mut form = Form::parse("Action=CreateDBInstance&MasterUserPassword=a%26b%3D+%C3%A4&Port=5432");
        assert_eq!(form.get("MasterUserPassword"), Some("a&b= ä"));
        form.set("Port", "25432");
        let again = Form::parse(&form.encode());
        assert_eq!(again.get("Port"), Some("25432"));
        assert_eq!(again.get("MasterUserPassword"), Some("a&b= ä"));
        assert!(!form.encode().contains("5432&"));
    }
}
