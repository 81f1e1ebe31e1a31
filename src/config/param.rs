use super::{Node, Span};

/// One entry of `[params]`, with the value that holds in this run.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub ty: ParamType,
    pub value: Node,
    pub origin: Origin,
    /// Its value is shown nowhere, and can stand only where an attribute is sensitive too.
    pub sensitive: bool,
    pub description: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamType {
    String,
    Integer,
    Float,
    Bool,
    List,
    Table,
}

/// Who gave a param its value; later ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Default,
    Target,
    Environment,
    CommandLine,
}

impl ParamType {
    pub const ALL: [Self; 6] =
        [Self::String, Self::Integer, Self::Float, Self::Bool, Self::List, Self::Table];

    /// As in `type = "…"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::List => "list",
            Self::Table => "table",
        }
    }
}
