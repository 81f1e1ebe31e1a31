use crate::address::Address;
use crate::config::blocks::Blocks;
use crate::config::{Resolved, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::reference::{Expression, Reference};
use crate::resource::Kind;
use crate::schema::{properties, suggest, tree, types::Types, unknown};
use crate::terraform;
use indexmap::IndexSet;
use serde_json::Value as Json;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Everything that a reference can lead to.
pub(in crate::config) struct World<'a> {
    pub kinds: &'a [&'static dyn Kind],
    pub blocks: &'a Blocks,
    /// Resources with a mistake of their own: nothing is said about references to them.
    pub broken: &'a HashSet<Address>,
}

static ID: LazyLock<Json> = LazyLock::new(|| serde_json::json!({ "type": "string" }));

impl World<'_> {
    /// The single resources behind an address.
    pub(in crate::config) fn members(&self, address: &Address) -> Vec<Address> {
        match self.blocks.families.get(address) {
            Some(keys) => keys.iter().map(|key| Address::keyed(&address.kind, &address.name, key)).collect(),
            None => vec![address.clone()],
        }
    }

    /// What is known about an expression before anything exists.
    pub(super) fn lookup(&self, expression: &Expression) -> Resolved {
        match expression {
            Expression::Resource(reference) if reference.splat => {
                let members = self.members(&reference.address).into_iter();
                Resolved::Known(members.map(|member| unknown(&reference.of(member).to_string())).collect())
            }
            _ => Resolved::Unknown,
        }
    }

    /// The kind of the resource at an address. None if there is no such resource; that is reported unless it has been.
    pub(super) fn kind(
        &self,
        address: &Address,
        span: Span,
        found: &mut Diagnostics,
    ) -> Option<&'static dyn Kind> {
        let head = Address::new(&address.kind, &address.name);
        if self.broken.contains(&head) {
            return None;
        }
        let kind = self.kinds.iter().copied().find(|kind| kind.name() == address.kind);
        if self.blocks.families.contains_key(&head) || self.blocks.all.contains_key(&head) {
            return kind;
        }
        let all = self.blocks.all.keys().chain(self.blocks.families.keys());
        let heads: IndexSet<String> = all.map(|one| Address::new(&one.kind, &one.name).to_string()).collect();
        // A resource of the right kind first: its name is what is misspelt most often.
        let prefix = format!("{}.", address.kind);
        let same = heads.iter().filter_map(|head| head.strip_prefix(&prefix));
        let meant = suggest::closest(&address.name, same).map(|name| format!("{prefix}{name}"));
        let word = kind.is_none().then(|| terraform::expression(&head.to_string())).flatten();
        let help = match (meant, kind) {
            _ if word.is_some() => format!("From Terraform: {}", word.unwrap_or_default()),
            (Some(meant), _) => format!("Did you mean `{meant}`?"),
            (None, None) => {
                let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
                match suggest::closest(&head.to_string(), heads.iter().map(String::as_str)) {
                    Some(meant) => format!("Did you mean `{meant}`?"),
                    None => suggest::help(&address.kind, kinds, "Kinds"),
                }
            }
            (None, Some(_)) => match suggest::closest(&head.to_string(), heads.iter().map(String::as_str)) {
                Some(meant) => format!("Did you mean `{meant}`? Otherwise add `[{head}]`."),
                None => format!("Add `[{head}]`, or refer to another resource."),
            },
        };
        found.push(
            Diagnostic::new("stackctl::unknown_resource", format!("there is no `{head}`"), help)
                .at(span, "leads nowhere"),
        );
        None
    }

    /// Whether the key of an address fits the `for_each` of its block.
    pub(super) fn key(&self, reference: &Reference, span: Span, found: &mut Diagnostics) -> bool {
        let Address { kind, name, key } = &reference.address;
        let head = Address::new(kind, name);
        let rest = &reference.path;
        let mistake = match (self.blocks.families.get(&head), key, reference.splat) {
            (Some(_), None, true) | (None, None, false) => return true,
            (Some(keys), Some(key), _) if keys.contains(key) => return true,
            (Some(keys), Some(key), _) => Diagnostic::new(
                "stackctl::unknown_key",
                format!("`{head}` has no {key:?}"),
                suggest::help(key, keys.iter().map(String::as_str), "Keys of its `for_each`"),
            )
            .at(span, "not a key of its `for_each`"),
            (Some(keys), None, false) => {
                // `subnet.private.a.id`: the key stands there, in another way.
                let (step, below) = rest.steps().split_first().unzip();
                let named = step
                    .and_then(|step| keys.iter().find(|key| step.as_key().as_deref() == Some(key.as_str())));
                let rest = match (named, below) {
                    (Some(_), Some([])) => Path::key("id"),
                    (Some(_), Some(below)) => Path::from(below),
                    _ => rest.clone(),
                };
                let one = named.or(keys.first()).map_or("KEY", String::as_str);
                Diagnostic::new(
                    "stackctl::missing_key",
                    format!("`{head}` has `for_each`: which one?"),
                    format!("Write `${{{head}['{one}'].{rest}}}` for one, `${{{head}[*].{rest}}}` for a list of all."),
                )
                .at(span, "needs a key")
            }
            (None, ..) => Diagnostic::new(
                "stackctl::no_for_each",
                format!("`{head}` has no `for_each`, so there is only one"),
                format!("Write `${{{head}.{rest}}}`."),
            )
            .at(span, "takes no brackets"),
        };
        found.push(mistake);
        false
    }
}

/// The schema of an output or input; everything below a value without a schema is one without a schema.
pub(super) fn attribute(kind: &'static dyn Kind, path: &Path) -> Option<&'static Json> {
    if path.is("id") {
        return Some(&ID);
    }
    [kind.outputs(), kind.inputs()].into_iter().find_map(|root| {
        tree::schema(root, path).or_else(|| {
            let steps = path.steps();
            let mut above = (1..steps.len()).filter_map(|end| tree::schema(root, &steps[..end].into()));
            above.find(|schema| Types::of(schema) == Types::ANY)
        })
    })
}

/// What is wrong with a path that leads to no attribute.
pub(super) fn unknown_attribute(reference: &Reference, kind: &'static dyn Kind, span: Span) -> Diagnostic {
    let names = |schema: &'static Json| {
        properties(schema).into_iter().flatten().map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    let steps = reference.path.steps();
    let known = (1..steps.len()).rev().find_map(|count| {
        let path = Path::from(&steps[..count]);
        Some((count, attribute(kind, &path)?, path))
    });
    let (step, whole, names) = match known {
        Some((count, schema, path)) => (count, format!("{}.{path}", reference.address), names(schema)),
        None => {
            let mut all = vec!["id"];
            all.extend(names(kind.outputs()));
            let outputs = names(kind.outputs());
            all.extend(names(kind.inputs()).into_iter().filter(|name| !outputs.contains(name)));
            (0, format!("{}.{}", reference.address.kind, reference.address.name), all)
        }
    };
    let step = Path::from(&steps[step..=step]).to_string();
    Diagnostic::new(
        "stackctl::unknown_attribute",
        format!("`{whole}` has no `{step}`"),
        match names.is_empty() {
            true => format!("Refer to `{whole}` itself."),
            false => suggest::help(&step, names, "It has"),
        },
    )
    .at(span, format!("no `{step}`"))
}
