use super::Span;

/// The target that every stack has: the local cloud of the project, unless `[targets.local]` names an endpoint.
pub const LOCAL: &str = "local";

/// The chosen one of `[targets]`: where this run goes instead of to AWS as usual.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    pub name: String,
    pub endpoint_url: Option<String>,
    /// Whether the endpoint is an emulator of AWS and not AWS by another way.
    pub emulator: Option<bool>,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// Whoever changes it is asked for its name.
    pub protected: bool,
    /// Where its name stands.
    pub span: Span,
}

impl Target {
    /// Whether it is AWS, with another account, region or profile.
    pub fn is_aws(&self) -> bool {
        self.endpoint_url.is_none() && self.name != LOCAL
    }

    /// Whether it is the local cloud of the project.
    pub fn is_local(&self) -> bool {
        self.name == LOCAL && self.endpoint_url.is_none()
    }
}
