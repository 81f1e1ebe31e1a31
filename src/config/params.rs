use super::fields::{Fields, wrong_type};
use super::overlay::Overlay;
use super::scope::Scope;
use super::{Entry, Node, Options, Origin, Param, ParamType, Span, Value, read};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::suggest;
use indexmap::IndexMap;

const KEYS: [&str; 5] = ["type", "default", "description", "allowed", "sensitive"];

/// Reads `[params]` and gives each its value: default, then target, then environment, then `--set`. None stands for
/// a param with a mistake.
pub(super) fn params(
    node: Option<&Node>,
    overlay: &Overlay,
    options: &Options,
    scope: Scope<'_>,
    found: &mut Diagnostics,
) -> IndexMap<String, Option<Param>> {
    let mut params = IndexMap::new();
    if let Some(node) = node.filter(|node| node.as_table().is_none()) {
        found.push(wrong_type("`params`", "a table", node));
    }
    for (name, entry) in node.and_then(Node::as_table).into_iter().flatten() {
        let param = Declared::read(name, entry, scope, found)
            .and_then(|declared| declared.value(name, overlay, options, scope, found));
        params.insert(name.clone(), param);
    }
    let given = options.set.iter().chain(&options.set_file);
    for (name, _) in given.filter(|(name, _)| !params.contains_key(name)) {
        let help = match params.is_empty() {
            true => format!("Declare it: `[params]`, then `{name} = …`."),
            false => suggest::help(name, params.keys().map(String::as_str), "Params"),
        };
        found.push(Diagnostic::new(
            "stackctl::unknown_param",
            format!("`--set {name}`: there is no param `{name}`"),
            help,
        ));
    }
    params
}

struct Declared {
    ty: ParamType,
    default: Option<Node>,
    allowed: Option<Node>,
    sensitive: bool,
    description: Option<String>,
    span: Span,
}

impl Declared {
    fn read(name: &str, entry: &Entry, scope: Scope<'_>, found: &mut Diagnostics) -> Option<Self> {
        let node = &entry.node;
        if !is_declaration(node) {
            let default = scope.fill(node, None, found);
            let ty = type_of(&default);
            return Some(Self {
                ty,
                default: Some(default),
                allowed: None,
                sensitive: false,
                description: None,
                span: entry.key,
            });
        }
        let fields = Fields::new(node, format!("param `{name}`"), &KEYS, found);
        let ty = fields.text("type", found);
        let default = fields.get("default").map(|entry| scope.fill(&entry.node, None, found));
        let ty = match (ty, &default) {
            (Some((text, span)), _) => {
                let ty = ParamType::ALL.into_iter().find(|ty| ty.name() == text);
                if ty.is_none() {
                    let help = suggest::help(&text, ParamType::ALL.map(ParamType::name), "Types");
                    found.push(
                        Diagnostic::new("stackctl::wrong_value", format!("`{text}` is no type"), help)
                            .at(span, "unknown"),
                    );
                }
                ty?
            }
            (None, _) if fields.get("type").is_some() => return None,
            (None, Some(default)) => type_of(default),
            (None, None) => {
                found.push(
                    Diagnostic::new(
                        "stackctl::missing_key",
                        format!("param `{name}` has neither `type` nor `default`"),
                        "Add `type = \"string\"`, or a `default`.",
                    )
                    .at(entry.key, "of which type?"),
                );
                return None;
            }
        };
        let description = fields.text("description", found).map(|(text, _)| text);
        let allowed = fields.get("allowed").map(|entry| scope.fill(&entry.node, None, found));
        let sensitive = fields.bool("sensitive", found).unwrap_or_default();
        let mut declared = Self { ty, default: None, allowed: None, sensitive, description, span: entry.key };
        if let Some(allowed) = allowed {
            match allowed.as_list() {
                Some(items) => {
                    let fits =
                        items.iter().filter(|item| declared.typed(name, item, found).is_some()).count();
                    declared.allowed = (fits == items.len()).then_some(allowed);
                }
                None => found.push(wrong_type(&format!("`allowed` of param `{name}`"), "a list", &allowed)),
            }
        }
        if let Some(default) = default {
            declared.default = Some(declared.typed(name, &default, found)?);
        }
        Some(declared)
    }

    fn value(
        self,
        name: &str,
        overlay: &Overlay,
        options: &Options,
        scope: Scope<'_>,
        found: &mut Diagnostics,
    ) -> Option<Param> {
        let variable = format!("STACKCTL_PARAM_{}", name.to_uppercase().replace('-', "_"));
        let set = options.set.iter().rev().find(|(set, _)| set == name).map(|(_, text)| text);
        let file = options.set_file.iter().rev().find(|(set, _)| set == name).map(|(_, text)| text);
        if self.sensitive && set.is_some() {
            found.push(
                Diagnostic::warning(
                    "stackctl::visible_secret",
                    format!("param `{name}` is sensitive, and `--set` shows it to every user of this machine, in the list of processes"),
                    format!("Set `{variable}` in the environment, or pass `--set-file {name}=PATH` (`-` reads the input)."),
                )
                .at(self.span, "declared sensitive here"),
            );
        }
        let (value, origin) = if let Some(text) = file {
            (self.parsed(text, &format!("--set-file {name}"), found)?, Origin::CommandLine)
        } else if let Some(text) = set {
            (self.parsed(text, &format!("--set {name}"), found)?, Origin::CommandLine)
        } else if let Some(text) = options.env.get(&variable) {
            (self.parsed(text, &variable, found)?, Origin::Environment)
        } else if let Some(entry) = overlay.params.get(name) {
            let filled = scope.fill(&entry.node, None, found);
            (self.typed(name, &filled, found)?, Origin::Target)
        } else if let Some(default) = self.default.clone() {
            (default, Origin::Default)
        } else {
            found.push(
                Diagnostic::new(
                    "stackctl::missing_param",
                    format!("param `{name}` has no value"),
                    format!("Pass `--set {name}=…`, set `{variable}`, or give it a `default`."),
                )
                .at(self.span, "has no default"),
            );
            return None;
        };
        self.check_allowed(name, &value, origin, found)?;
        let Self { ty, sensitive, description, span, .. } = self;
        Some(Param { ty, value, origin, sensitive, description, span })
    }

    fn check_allowed(&self, name: &str, value: &Node, origin: Origin, found: &mut Diagnostics) -> Option<()> {
        let Some(allowed) = self.allowed.as_ref().and_then(Node::as_list) else { return Some(()) };
        let written = |node: &Node| node.to_json(None, &|_| super::Resolved::Unknown);
        let json = written(value);
        let shown = if self.sensitive { "what was given".to_owned() } else { json.to_string() };
        let allowed: Vec<_> = allowed.iter().map(written).collect();
        if allowed.contains(&json) {
            return Some(());
        }
        let names: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let who = match origin {
            Origin::CommandLine => " (from `--set`)",
            Origin::Environment => " (from the environment)",
            Origin::Target => " (from the target)",
            Origin::Default => "",
        };
        found.push(
            Diagnostic::new(
                "stackctl::wrong_value",
                format!("param `{name}` cannot be {shown}{who}"),
                format!("Allowed: {}.", suggest::list(&names)),
            )
            .at(value.span, "not one of the allowed values"),
        );
        None
    }

    /// The value, if it is of the declared type; an integer is a float, too.
    fn typed(&self, name: &str, node: &Node, found: &mut Diagnostics) -> Option<Node> {
        if type_of(node) == self.ty {
            return Some(node.clone());
        }
        if let (ParamType::Float, Value::Integer(value)) = (self.ty, &node.value) {
            return Some(Node::new(Value::Float(*value as f64), node.span));
        }
        let mistake = wrong_type(&format!("param `{name}`"), noun(self.ty), node);
        found.push(Diagnostic { code: "stackctl::param_type", ..mistake });
        None
    }

    /// Text of the command line or the environment, by the declared type.
    fn parsed(&self, text: &str, from: &str, found: &mut Diagnostics) -> Option<Node> {
        let trimmed = text.trim();
        let value = match self.ty {
            ParamType::String => Some(Node::text(text, self.span)),
            // `a,b` is easier to type in a shell than `["a", "b"]`.
            ParamType::List if !trimmed.starts_with('[') => {
                let items = trimmed.split(',').map(str::trim).filter(|item| !item.is_empty());
                let items = items.map(|item| Node::text(item, self.span)).collect();
                Some(Node::new(Value::List(items), self.span))
            }
            _ => read::value(trimmed, self.span),
        };
        let mut ignored = Diagnostics::default();
        let value = value.and_then(|value| self.typed("", &value, &mut ignored));
        if value.is_none() {
            let shown = if self.sensitive { "what was given".to_owned() } else { format!("`{text}`") };
            let example = match self.ty {
                ParamType::String => "text",
                ParamType::Integer => "30",
                ParamType::Float => "0.5",
                ParamType::Bool => "true",
                ParamType::List => "a,b` or `[\"a\", \"b\"]",
                ParamType::Table => "{ a = 1 }",
            };
            found.push(
                Diagnostic::new(
                    "stackctl::param_type",
                    format!("`{from}` takes {}, not {shown}", noun(self.ty)),
                    format!("Write it as in `{example}`."),
                )
                .at(self.span, format!("declared here as {}", noun(self.ty))),
            );
        }
        value
    }
}

/// Whether a table declares a param, as opposed to being its default.
fn is_declaration(node: &Node) -> bool {
    node.as_table().is_some_and(|table| {
        table.keys().any(|key| KEYS.iter().any(|known| strsim::damerau_levenshtein(key, known) <= 1))
    })
}

fn type_of(node: &Node) -> ParamType {
    match node.value {
        Value::Bool(_) => ParamType::Bool,
        Value::Integer(_) => ParamType::Integer,
        Value::Float(_) => ParamType::Float,
        Value::String(_) => ParamType::String,
        Value::List(_) => ParamType::List,
        Value::Table(_) => ParamType::Table,
    }
}

fn noun(ty: ParamType) -> &'static str {
    match ty {
        ParamType::String => "a string",
        ParamType::Integer => "an integer",
        ParamType::Float => "a float",
        ParamType::Bool => "true or false",
        ParamType::List => "a list",
        ParamType::Table => "a table",
    }
}
