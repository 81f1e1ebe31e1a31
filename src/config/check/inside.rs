use super::World;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::schema::properties;
use ipnet::IpNet;
use serde_json::Value as Json;

/// Networks that lie in those of what they name (`x-inside`), where both are known.
pub(in crate::config) fn inside(world: &World<'_>, found: &mut Diagnostics) {
    for block in world.blocks.all.values() {
        for (name, schema) in properties(block.kind.inputs()).into_iter().flatten() {
            let Some(rule) = schema.get("x-inside") else { continue };
            let said = |key: &str| rule.get(key).and_then(Json::as_str).unwrap_or_default();
            let named = block.references().into_iter().find(|used| used.path.is(said("of")));
            let outer = named.and_then(|used| world.blocks.all.get(&used.reference.address));
            let network =
                |block: &crate::config::Block, name: &str| -> Option<(IpNet, crate::config::Span)> {
                    let node = block.inputs.get(name)?;
                    Some((node.as_str()?.parse().ok()?, node.span))
                };
            let Some(outer) = outer else { continue };
            let (Some((inner, at)), Some((whole, whole_at))) =
                (network(block, name), network(outer, said("is")))
            else {
                continue;
            };
            if whole.contains(&inner) {
                continue;
            }
            let first = IpNet::new(whole.network(), inner.prefix_len().max(whole.prefix_len()));
            let such = first.map(|net| format!(", such as `{net}`")).unwrap_or_default();
            found.push(
                Diagnostic::new(
                    "stackctl::outside_network",
                    format!(
                        "`{}`: {inner} is not in the network of {}, which is {whole}",
                        Path::key(name),
                        outer.address
                    ),
                    format!("Take a part of {whole}{such}, or widen that."),
                )
                .at(at, format!("outside of {whole}"))
                .at(whole_at, format!("the network of {}", outer.address)),
            );
        }
    }
}
