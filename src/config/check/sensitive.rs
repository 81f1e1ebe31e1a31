use super::World;
use crate::config::{Output, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::reference::Reference;
use crate::schema::{is, tree};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// What is sensitive stays so in an output.
pub(in crate::config) fn outputs(
    world: &World<'_>,
    outputs: &IndexMap<String, Output>,
    found: &mut Diagnostics,
) {
    for (name, output) in outputs.iter().filter(|(_, output)| !output.sensitive) {
        for used in output.references().into_iter().filter(|used| sensitive(world, used.reference)) {
            found.push(
                Diagnostic::new(
                    "stackctl::sensitive_output",
                    format!("output `{name}` would show what is sensitive"),
                    format!("Write `{name} = {{ value = \"…\", sensitive = true }}`."),
                )
                .at(used.span, format!("`{}` is sensitive", used.reference)),
            );
        }
    }
}

fn sensitive(world: &World<'_>, reference: &Reference) -> bool {
    let mut ignored = Diagnostics::default();
    let Some(kind) = world.kind(&reference.address, Span::default(), &mut ignored) else { return false };
    [kind.outputs(), kind.inputs()].into_iter().any(|root| {
        let steps = reference.path.steps();
        let mut along = (1..=steps.len()).filter_map(|end| tree::schema(root, &steps[..end].into()));
        along.any(|schema| is(schema, "x-sensitive"))
            || tree::schema(root, &reference.path).is_some_and(sensitive_inside)
    })
}

fn sensitive_inside(schema: &Json) -> bool {
    is(schema, "x-sensitive")
        || match schema {
            Json::Object(map) => map.values().any(sensitive_inside),
            Json::Array(items) => items.iter().any(sensitive_inside),
            _ => false,
        }
}
