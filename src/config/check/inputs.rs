use super::World;
use crate::config::tags::reserved;
use crate::config::{Block, Node, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::{Path, Step};
use crate::schema::{On, Problem, defaults, unknown, validate};
use crate::terraform;
use serde_json::Value as Json;

/// The inputs of every block against the schema of its kind and the kind's own rules.
pub(in crate::config) fn inputs(world: &World<'_>, found: &mut Diagnostics) {
    for block in world.blocks.all.values().chain(&world.blocks.suspects) {
        let schema = block.kind.inputs();
        let mut json = block.inputs.to_json(Some(schema), &|expression| world.lookup(expression));
        let problems = validate::validate(schema, &json);
        // What is wrong already fits everything from here on, so that the rules of the kind speak of the rest.
        for problem in &problems {
            blur(&mut json, problem);
        }
        found.extend(
            problems
                .into_iter()
                .filter(|problem| !is_reference(block, problem))
                .map(|problem| placed(block, problem)),
        );
        for (key, entry) in block.inputs.get("tags").and_then(Node::as_table).into_iter().flatten() {
            found.extend(reserved(key, entry));
        }
        defaults::fill(schema, &mut json);
        for (path, complaint) in block.kind.check(&json) {
            let (message, help) = split(&complaint);
            let path: Path = path.parse().unwrap_or_else(|_| Path::key(&path));
            let name = path.steps().last().and_then(Step::as_key).unwrap_or_default();
            // Some complaints go without saying what they are about.
            let message =
                if message.contains(name.as_ref()) { message } else { format!("`{path}`: {message}") };
            found.push(
                Diagnostic::new("stackctl::rule", message, help)
                    .at(block.span_of(&path), "breaks a rule of this kind"),
            );
        }
    }
}

/// Makes the value that a problem is about an unknown one; and the attribute that was meant, if that can be told.
fn blur(json: &mut Json, problem: &Problem) {
    let mut steps = problem.path.steps().to_vec();
    let Some(last) = steps.pop() else { return };
    let mut above = json;
    for step in steps {
        let below = match (&step, step.as_key()) {
            (Step::Index(index), _) => above.get_mut(*index),
            (_, Some(key)) => above.get_mut(key.as_ref()),
            _ => None,
        };
        let Some(below) = below else { return };
        above = below;
    }
    let blurred = || unknown("a mistake");
    match (above, last) {
        (Json::Array(items), Step::Index(index)) => {
            if let Some(item) = items.get_mut(index) {
                *item = blurred();
            }
        }
        (Json::Object(map), last) => {
            let Some(key) = last.as_key() else { return };
            map.insert(key.into_owned(), blurred());
            if let Some((meant, _)) =
                problem.help.strip_prefix("Did you mean `").and_then(|rest| rest.split_once('`'))
            {
                map.entry(meant).or_insert_with(blurred);
            }
        }
        _ => {}
    }
}

/// Whether a wrong type comes from a reference, which is reported as such.
fn is_reference(block: &Block, problem: &Problem) -> bool {
    let at = block.inputs.nearest(&problem.path);
    problem.code == "stackctl::wrong_type"
        && matches!(&at.node.value, Value::String(template) if template.as_whole().is_some())
}

fn placed(block: &Block, problem: Problem) -> Diagnostic {
    let at = block.inputs.nearest(&problem.path);
    let span = match problem.on {
        On::Key if at.rest.is_root() => at.key.unwrap_or(at.node.span),
        // Of a table that stands in braces or has a header.
        On::Absence | On::Key | On::Value if at.key.is_none() && at.rest == problem.path => block.span,
        _ => at.node.span,
    };
    let message = match problem.on {
        On::Key => format!("`{}` has no attribute `{}`", block.kind.name(), problem.path),
        On::Value | On::Absence => problem.message,
    };
    let word = (problem.code == "stackctl::unknown_attribute")
        .then(|| terraform::attribute(block.kind.name(), &problem.path.to_string()))
        .flatten();
    let help = word.map_or(problem.help, |word| format!("From Terraform: {word}"));
    Diagnostic::new(problem.code, message, help).at(span, problem.reason)
}

/// A kind's complaint is one text: what is wrong, then the remedy, by `: ` or `; ` or as a sentence of its own.
fn split(complaint: &str) -> (String, String) {
    for separator in ["; ", ": ", ". "] {
        if let Some((message, help)) = complaint.split_once(separator) {
            let mut help = help.trim_end_matches('.').to_owned();
            if let Some(first) = help.get(..1) {
                help.replace_range(..1, &first.to_uppercase());
            }
            return (message.to_owned(), format!("{help}."));
        }
    }
    (complaint.trim_end_matches('.').to_owned(), "Change one of the attributes.".to_owned())
}
