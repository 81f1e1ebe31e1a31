use super::Span;

/// The chosen one of `[targets]`: where this run goes instead of to AWS as usual.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    pub name: String,
    pub endpoint_url: Option<String>,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// Where its name stands.
    pub span: Span,
}
