use super::piece::{Given, Piece, text};
use serde_json::{Map, Value as Json, json};

pub fn vpc(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("cidr_block", "cidr_block"),
        ("instance_tenancy", "instance_tenancy"),
        ("enable_dns_support", "enable_dns_support"),
        ("enable_dns_hostnames", "enable_dns_hostnames"),
        ("tags", "tags"),
    ];
    vec![Piece::new("aws_vpc", given, &names)]
}

pub fn subnet(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("vpc_id", "vpc_id"),
        ("cidr_block", "cidr_block"),
        ("availability_zone", "availability_zone"),
        ("availability_zone_id", "availability_zone_id"),
        ("map_public_ip_on_launch", "map_public_ip_on_launch"),
        ("enable_resource_name_dns_a_record_on_launch", "enable_resource_name_dns_a_record_on_launch"),
        ("tags", "tags"),
    ];
    vec![Piece::new("aws_subnet", given, &names)]
}

pub fn internet_gateway(given: &Given<'_>) -> Vec<Piece> {
    vec![Piece::new("aws_internet_gateway", given, &[("vpc_id", "vpc_id"), ("tags", "tags")])]
}

/// A table with its routes, and one association for each subnet.
pub fn route_table(given: &Given<'_>) -> Vec<Piece> {
    let routes: Vec<Json> = given.list("routes").iter().map(route).collect();
    let first = Piece::new("aws_route_table", given, &[("vpc_id", "vpc_id"), ("tags", "tags")])
        .with("route", json!(routes));
    let subnets = given.list("subnet_ids").into_iter().enumerate().map(|(at, subnet)| {
        let key = subnet.as_str().map_or_else(|| at.to_string(), str::to_owned);
        let piece = Piece::new("aws_route_table_association", given, &[]).keyed(&key);
        piece.of_first(&[("route_table_id", "id")]).with("subnet_id", subnet)
    });
    std::iter::once(first).chain(subnets).collect()
}

fn route(ours: &Json) -> Json {
    let mut theirs = Map::new();
    for (name, value) in ours.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let name = match (name.as_str(), value.as_str()) {
            ("destination", Some(to)) if to.starts_with("pl-") => "destination_prefix_list_id",
            ("destination", Some(to)) if to.contains(':') => "ipv6_cidr_block",
            ("destination", _) => "cidr_block",
            (other, _) => other,
        };
        theirs.insert(name.to_owned(), value.clone());
    }
    Json::Object(theirs)
}

pub fn endpoint(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("vpc_id", "vpc_id"),
        ("route_table_ids", "route_table_ids"),
        ("subnet_ids", "subnet_ids"),
        ("security_group_ids", "security_group_ids"),
        ("private_dns_enabled", "private_dns_enabled"),
        ("tags", "tags"),
    ];
    let service = match given.at("service") {
        Json::String(short) if !short.contains('.') => {
            json!(format!("com.amazonaws.{}.{short}", given.region))
        }
        other => other,
    };
    let sort = match given.at("type") {
        Json::String(sort) if sort.eq_ignore_ascii_case("interface") => json!("Interface"),
        Json::String(sort) if sort.eq_ignore_ascii_case("gateway") => json!("Gateway"),
        other => other,
    };
    let first = Piece::new("aws_vpc_endpoint", given, &names).with("service_name", service);
    vec![first.with("vpc_endpoint_type", sort).with("policy", text(&given.at("policy")))]
}
