use super::kinds;
use super::piece::{Given, Piece};
use super::references::{block_name, expressions};
use super::values::{Told, told};
use crate::address::Address;
use crate::detail::masked;
use crate::plan::{Action, OutputChange, Plan, Step};
use crate::schema::tree;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The format of `terraform show -json` that is written: https://developer.hashicorp.com/terraform/internals/json-format
const FORMAT: &str = "1.2";
/// Terraform's version that tools are told: the shape is that of 1.9.
const VERSION: &str = "1.9.0";
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// The plan as Terraform would show it. What is deleted is described by `goes`: its inputs, by the state. No secret, and no digest of one, is in it.
pub fn show(plan: &Plan, goes: &BTreeMap<Address, Json>) -> Json {
    let (mut planned, mut prior, mut changes) = (vec![], vec![], vec![]);
    let mut blocks: Map<String, Json> = Map::new();
    for step in &plan.steps {
        for one in pairs(step, plan, goes) {
            let (before, after) = (one.before.as_ref().map(values), one.after.as_ref().map(values));
            if let Some(told) = &before {
                prior.push(one.resource(told));
            }
            if let Some(told) = &after {
                planned.push(one.resource(told));
            }
            changes.push(one.change(step, before.as_ref(), after.as_ref()));
            if let Some(piece) = &one.after {
                blocks
                    .entry(block_name(piece.sort, &step.address))
                    .or_insert_with(|| configuration(piece, step, plan));
            }
        }
    }
    let outputs = |after: bool| -> Map<String, Json> {
        plan.outputs
            .iter()
            .filter_map(|output| Some((output.name.clone(), value_of(output, after)?)))
            .collect()
    };
    json!({
        "format_version": FORMAT,
        "terraform_version": VERSION,
        "variables": {},
        "planned_values": { "outputs": outputs(true), "root_module": { "resources": planned } },
        "resource_changes": changes,
        "output_changes": plan.outputs.iter().map(|output| (output.name.clone(), output_change(output))).collect::<Map<_, _>>(),
        "prior_state": {
            "format_version": "1.0", "terraform_version": VERSION,
            "values": { "outputs": outputs(false), "root_module": { "resources": prior } },
        },
        "configuration": {
            "provider_config": { "aws": {
                "name": "aws", "full_name": PROVIDER, "expressions": { "region": { "constant_value": plan.region } },
            }},
            "root_module": { "resources": blocks.values().collect::<Vec<_>>() },
        },
        "applyable": !plan.is_empty() && plan.refused.is_empty(),
        "complete": true,
        "errored": false,
    })
}

/// One of Terraform's resources, before and after.
struct Pair {
    name: String,
    sort: &'static str,
    index: Option<String>,
    before: Option<Piece>,
    after: Option<Piece>,
}

/// Which of them there are, by their sort and key.
fn pairs(step: &Step, plan: &Plan, goes: &BTreeMap<Address, Json>) -> Vec<Pair> {
    let Some(mapping) = kinds::of(&step.address.kind) else { return vec![] };
    let pieces = |inputs: &Json, id: bool| -> Vec<Piece> {
        if inputs.is_null() {
            return vec![];
        }
        let schema = crate::resource::kind(&step.address.kind).map_or(&Json::Null, |kind| kind.inputs());
        let given = Given { inputs: &masked(schema, inputs), account: &plan.account, region: &plan.region };
        let mut pieces = (mapping.pieces)(&given);
        let known = step.id.as_ref().filter(|_| id).map(|id| json!(id.0));
        let unknown = |attribute: &str| json!({ "$unknown": format!("{}.{attribute}", step.address) });
        if let Some((first, rest)) = pieces.split_first_mut() {
            first.values.insert("id".to_owned(), known.clone().unwrap_or_else(|| unknown("id")));
            for piece in rest {
                for (name, of) in piece.of_first {
                    let value = first.values.get(*of).cloned().unwrap_or_else(|| unknown(of));
                    piece.values.entry(*name).or_insert(value);
                }
            }
        }
        pieces
    };
    let before = pieces(&before(step, goes), true);
    let mut after = pieces(&step.inputs, !step.action.creates());
    let mut pairs = vec![];
    let mut push = |before: Option<Piece>, after: Option<Piece>| {
        let Some(piece) = after.as_ref().or(before.as_ref()) else { return };
        let index = match (&step.address.key, &piece.key) {
            (None, key) => key.clone(),
            (Some(own), None) => Some(own.clone()),
            (Some(own), Some(key)) => Some(format!("{own}/{key}")),
        };
        pairs.push(Pair { name: step.address.name.clone(), sort: piece.sort, index, before, after });
    };
    for old in before {
        let at = after.iter().position(|new| (new.sort, &new.key) == (old.sort, &old.key));
        push(Some(old), at.map(|at| after.remove(at)));
    }
    after.into_iter().for_each(|new| push(None, Some(new)));
    pairs
}

/// What is there: the wanted inputs with what changes as it was, or what the state says of what goes.
fn before(step: &Step, goes: &BTreeMap<Address, Json>) -> Json {
    match step.action {
        Action::Create => Json::Null,
        Action::Delete => goes.get(&step.address).cloned().unwrap_or_default(),
        _ => {
            let mut before = step.inputs.clone();
            for change in &step.changes {
                tree::set(&mut before, &change.path, &change.before);
            }
            before
        }
    }
}

fn values(piece: &Piece) -> Told {
    told(&Json::Object(piece.values.clone()))
}

impl Pair {
    fn named(&self) -> Map<String, Json> {
        let mut out = Map::new();
        let block = format!("{}.{}", self.sort, self.name);
        let address = match &self.index {
            Some(index) => format!("{block}[{}]", json!(index)),
            None => block,
        };
        out.insert("address".to_owned(), json!(address));
        out.insert("mode".to_owned(), json!("managed"));
        out.insert("type".to_owned(), json!(self.sort));
        out.insert("name".to_owned(), json!(self.name));
        if let Some(index) = &self.index {
            out.insert("index".to_owned(), json!(index));
        }
        out.insert("provider_name".to_owned(), json!(PROVIDER));
        out
    }

    fn resource(&self, told: &Told) -> Json {
        let mut out = self.named();
        out.insert("schema_version".to_owned(), json!(0));
        out.insert("values".to_owned(), told.value.clone());
        out.insert("sensitive_values".to_owned(), told.sensitive.clone());
        Json::Object(out)
    }

    fn change(&self, step: &Step, before: Option<&Told>, after: Option<&Told>) -> Json {
        let actions: &[&str] = match (before, after, step.action) {
            (None, _, _) => &["create"],
            (_, None, _) => &["delete"],
            (_, _, Action::Replace) => &["delete", "create"],
            (_, _, Action::ReplaceCreateFirst) => &["create", "delete"],
            (Some(before), Some(after), _) if before == after => &["no-op"],
            _ => &["update"],
        };
        let of = |told: Option<&Told>, part: fn(&Told) -> &Json| told.map(part).cloned();
        let mut out = self.named();
        out.insert(
            "change".to_owned(),
            json!({
                "actions": actions,
                "before": of(before, |told| &told.value),
                "after": of(after, |told| &told.value),
                "after_unknown": of(after, |told| &told.unknown).unwrap_or_else(|| json!({})),
                "before_sensitive": of(before, |told| &told.sensitive).unwrap_or_else(|| json!(false)),
                "after_sensitive": of(after, |told| &told.sensitive).unwrap_or_else(|| json!(false)),
            }),
        );
        Json::Object(out)
    }
}

fn configuration(piece: &Piece, step: &Step, plan: &Plan) -> Json {
    let mut expressions = expressions(&piece.values, step, plan);
    expressions.remove("id");
    if let Some(mapping) = kinds::of(&step.address.kind) {
        let first = block_name(mapping.sort, &step.address);
        for (name, of) in piece.of_first {
            expressions.insert((*name).to_owned(), json!({ "references": [format!("{first}.{of}"), first] }));
        }
    }
    json!({
        "address": block_name(piece.sort, &step.address), "mode": "managed", "type": piece.sort, "name": step.address.name,
        "provider_config_key": "aws", "expressions": expressions, "schema_version": 0,
    })
}

fn side(output: &OutputChange, after: bool) -> Told {
    let value = if after { &output.after } else { &output.before };
    match (output.sensitive, value) {
        (true, value) if !value.is_null() => told(&json!("(sensitive)")),
        (_, value) => told(value),
    }
}

fn value_of(output: &OutputChange, after: bool) -> Option<Json> {
    let value = if after { &output.after } else { &output.before };
    (!value.is_null()).then(|| json!({ "sensitive": output.sensitive, "value": side(output, after).value }))
}

fn output_change(output: &OutputChange) -> Json {
    let action = match (&output.before, &output.after) {
        (Json::Null, _) => "create",
        (_, Json::Null) => "delete",
        _ => "update",
    };
    let (before, after) = (side(output, false), side(output, true));
    json!({
        "actions": [action], "before": before.value, "after": after.value, "after_unknown": after.unknown,
        "before_sensitive": output.sensitive, "after_sensitive": output.sensitive,
    })
}
