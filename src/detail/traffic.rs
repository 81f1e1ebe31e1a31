//! Rules of firewalls that let the whole internet through.

use crate::schema::as_unknown;
use serde_json::Value as Json;

/// One of them, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    network: &'static str,
    protocol: String,
    /// First and last; none: all.
    ports: Option<(i64, i64)>,
}

const EVERYWHERE: [(&str, &str); 2] = [("cidr", "0.0.0.0/0"), ("cidr_ipv6", "::/0")];

fn open(rule: &Json) -> Option<Open> {
    let is_route = !rule["destination"].is_null();
    let (_, network) = EVERYWHERE
        .into_iter()
        .find(|(field, network)| rule[if is_route { "destination" } else { *field }] == *network)?;
    // Only a gateway of the internet lets somebody in: one to a VPN or a NAT gateway does not.
    if is_route && !is_internet_gateway(&rule["gateway_id"]) {
        return None;
    }
    let protocol = rule["protocol"].as_str().unwrap_or(if is_route { "-1" } else { "tcp" }).to_owned();
    let number = |field: &str| rule[field].as_i64();
    let ports = match (number("port"), number("from_port"), number("to_port")) {
        (Some(port), ..) => Some((port, port)),
        (None, Some(from), to) => Some((from, to.unwrap_or(from))),
        _ => None,
    };
    let ports = ports.filter(|ports| protocol != "-1" && *ports != (-1, -1));
    Some(Open { network, protocol, ports })
}

/// By its id, or by what it is known to become.
fn is_internet_gateway(gateway: &Json) -> bool {
    let named = |id: &str| id.starts_with("igw-");
    gateway.as_str().is_some_and(named) || as_unknown(gateway).is_some()
}

impl Open {
    fn covers(&self, other: &Self) -> bool {
        let ports = match (self.ports, other.ports) {
            (None, _) => true,
            (Some((from, to)), Some((first, last))) => from <= first && last <= to,
            (Some(_), None) => false,
        };
        self.network == other.network && (self.protocol == "-1" || self.protocol == other.protocol && ports)
    }

    fn says(&self, direction: &str) -> String {
        let Self { network, protocol, ports } = self;
        let what = match ports {
            _ if protocol == "-1" => "everything".to_owned(),
            None => format!("every {protocol} port"),
            Some((from, to)) if protocol.starts_with("icmp") => format!("{protocol} {from}/{to}"),
            Some((from, to)) if from == to => format!("{protocol} port {from}"),
            Some((from, to)) => format!("{protocol} ports {from} to {to}"),
        };
        match direction {
            "route" => format!(
                "its subnets reach the internet, and what has a public address in them is reached from the internet ({network})"
            ),
            "egress" => format!("may reach {what} anywhere on the internet ({network})"),
            _ => format!("anyone on the internet may reach {what} ({network})"),
        }
    }
}

/// For each rule of `after` that opens what no rule of `before` has opened: its place among them, and that in words.
pub fn opened(direction: &str, before: &[&Json], after: &[&Json]) -> Vec<(usize, String)> {
    let before: Vec<Open> = before.iter().filter_map(|rule| open(rule)).collect();
    let mut out = vec![];
    for (at, rule) in after.iter().enumerate() {
        if let Some(open) = open(rule)
            && !before.iter().any(|other| other.covers(&open))
        {
            out.push((at, open.says(direction)));
        }
    }
    out
}
