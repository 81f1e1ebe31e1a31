use super::piece::{Given, Piece, one};
use serde_json::{Value as Json, json};

pub fn group(given: &Given<'_>) -> Vec<Piece> {
    let names = [("name", "name"), ("description", "description"), ("vpc_id", "vpc_id"), ("tags", "tags")];
    let rules = |name: &str| -> Json { given.list(name).iter().map(inline).collect() };
    let first = Piece::new("aws_security_group", given, &names);
    vec![first.with("ingress", rules("ingress")).with("egress", rules("egress"))]
}

/// A rule within its group: peers are lists there.
fn inline(rule: &Json) -> Json {
    let list = |name: &str| match one(rule[name].clone()) {
        Json::Null => json!([]),
        list => list,
    };
    let (from, to) = ports(rule);
    json!({
        "protocol": protocol(rule),
        "from_port": from.as_i64().map_or(json!(0), |port| json!(port)),
        "to_port": to.as_i64().map_or(json!(0), |port| json!(port)),
        "cidr_blocks": list("cidr"),
        "ipv6_cidr_blocks": list("cidr_ipv6"),
        "security_groups": list("security_group"),
        "prefix_list_ids": list("prefix_list"),
        "self": rule.get("self").cloned().unwrap_or(json!(false)),
        "description": rule.get("description").cloned().unwrap_or(Json::Null),
    })
}

pub fn rule(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("security_group_id", "security_group_id"),
        ("cidr", "cidr_ipv4"),
        ("cidr_ipv6", "cidr_ipv6"),
        ("security_group", "referenced_security_group_id"),
        ("prefix_list", "prefix_list_id"),
        ("description", "description"),
        ("tags", "tags"),
    ];
    let sort = match given.at("type").as_str() {
        Some("egress") => "aws_vpc_security_group_egress_rule",
        _ => "aws_vpc_security_group_ingress_rule",
    };
    let (from, to) = ports(given.inputs);
    let piece = Piece::new(sort, given, &names).with("ip_protocol", protocol(given.inputs));
    vec![piece.with("from_port", from).with("to_port", to)]
}

fn ports(rule: &Json) -> (Json, Json) {
    match &rule["port"] {
        Json::Null => (rule["from_port"].clone(), rule["to_port"].clone()),
        port => (port.clone(), port.clone()),
    }
}

fn protocol(rule: &Json) -> Json {
    match rule["protocol"].as_str() {
        Some(all) if all.eq_ignore_ascii_case("all") => json!("-1"),
        Some(other) => json!(other.to_lowercase()),
        None => rule["protocol"].clone(),
    }
}
