//! One permission of a security group in one form, from `stack.toml` or from AWS.
//!
//! AWS has several spellings for the same thing (protocol 6 is `tcp`; ports are -1 or absent), groups what it is given,
//! and answers in its own way. Here each meaning has one form, and [`check`] refuses all other spellings in
//! `stack.toml`, so that what is read equals what was written.

use super::checks::{self, Complaint};
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, SecurityGroupRuleRequest,
    UserIdGroupPair,
};
use serde_json::Value as Json;

/// Where traffic comes from, or goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Peer {
    Ipv4(String),
    Ipv6(String),
    /// `sg-…`, or `123456789012/sg-…` in another account.
    Group(String),
    PrefixList(String),
}

/// What may pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Permission {
    /// As AWS answers: `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all.
    pub protocol: String,
    /// First and last port, or ICMP type and code; none where there are no ports, or all of ICMP is meant.
    pub ports: Option<(i32, i32)>,
    pub peer: Peer,
}

/// `port`, `from_port` and `to_port` as in `stack.toml`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    pub one: Option<i32>,
    pub from: Option<i32>,
    pub to: Option<i32>,
}

impl Permission {
    /// As AWS answered; none if it names no peer.
    pub fn read(rule: &SecurityGroupRule, owner: Option<&str>) -> Option<Self> {
        let peer = if let Some(cidr) = rule.cidr_ipv4() {
            Peer::Ipv4(cidr.to_owned())
        } else if let Some(cidr) = rule.cidr_ipv6() {
            Peer::Ipv6(cidr.to_owned())
        } else if let Some(list) = rule.prefix_list_id() {
            Peer::PrefixList(list.to_owned())
        } else {
            let group = rule.referenced_group_info()?;
            let id = group.group_id()?;
            match group.user_id() {
                Some(user) if owner.is_some_and(|owner| owner != user) => Peer::Group(format!("{user}/{id}")),
                _ => Peer::Group(id.to_owned()),
            }
        };
        let protocol = named(rule.ip_protocol().unwrap_or("-1"));
        let ports = match (rule.from_port(), rule.to_port()) {
            (Some(-1), Some(-1)) | (None, _) | (_, None) => None,
            (Some(from), Some(to)) => Some((from, to)).filter(|_| has_ports(&protocol) || is_icmp(&protocol)),
        };
        Some(Self { protocol, ports, peer })
    }

    /// As in `stack.toml`.
    pub fn wanted(protocol: &str, ports: Ports, peer: Peer) -> Self {
        let ports = match (ports.one, ports.from, ports.to) {
            (Some(port), ..) => Some((port, port)),
            (None, Some(from), Some(to)) => Some((from, to)),
            _ => None,
        };
        Self { protocol: named(protocol), ports, peer }
    }

    /// The ports as in `stack.toml`: a single one as `port`, but type and code of ICMP always as two.
    pub fn spelled(&self) -> Ports {
        match self.ports {
            None => Ports::default(),
            Some((from, to)) if from == to && has_ports(&self.protocol) => {
                Ports { one: Some(from), ..Ports::default() }
            }
            Some((from, to)) => Ports { one: None, from: Some(from), to: Some(to) },
        }
    }

    /// The ports for a call: ICMP wants -1 for all of it, and `-1` takes none.
    fn call_ports(&self) -> (Option<i32>, Option<i32>) {
        match self.ports {
            Some((from, to)) => (Some(from), Some(to)),
            None if self.protocol == "-1" => (None, None),
            None => (Some(-1), Some(-1)),
        }
    }

    /// For an Authorize call; one peer each, so that AWS makes one rule of it.
    pub fn grant(&self, description: Option<&str>) -> IpPermission {
        let (from, to) = self.call_ports();
        let description = description.map(str::to_owned);
        let call = IpPermission::builder().ip_protocol(&self.protocol).set_from_port(from).set_to_port(to);
        match &self.peer {
            Peer::Ipv4(cidr) => {
                call.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build())
            }
            Peer::Ipv6(cidr) => {
                call.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build())
            }
            Peer::PrefixList(id) => call.prefix_list_ids(
                PrefixListId::builder().prefix_list_id(id).set_description(description).build(),
            ),
            Peer::Group(group) => {
                let (user, id) = match group.split_once('/') {
                    Some((user, id)) => (Some(user.to_owned()), id),
                    None => (None, group.as_str()),
                };
                let pair = UserIdGroupPair::builder().group_id(id).set_user_id(user);
                call.user_id_group_pairs(pair.set_description(description).build())
            }
        }
        .build()
    }

    /// For ModifySecurityGroupRules, which wants all of it again.
    pub fn request(&self, description: &str) -> SecurityGroupRuleRequest {
        let (from, to) = self.call_ports();
        let call = SecurityGroupRuleRequest::builder()
            .ip_protocol(&self.protocol)
            .set_from_port(from)
            .set_to_port(to)
            .description(description);
        match &self.peer {
            Peer::Ipv4(cidr) => call.cidr_ipv4(cidr),
            Peer::Ipv6(cidr) => call.cidr_ipv6(cidr),
            Peer::PrefixList(id) => call.prefix_list_id(id),
            Peer::Group(group) => {
                call.referenced_group_id(group.split_once('/').map_or(group.as_str(), |(_, id)| id))
            }
        }
        .build()
    }
}

/// The name that AWS answers with.
fn named(protocol: &str) -> String {
    let protocol = protocol.to_lowercase();
    let name = match protocol.as_str() {
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    };
    name.to_owned()
}

fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp")
}

fn is_icmp(protocol: &str) -> bool {
    matches!(protocol, "icmp" | "icmpv6")
}

/// What is wrong with a rule in `stack.toml`. `path` is that of the rule, empty or with a dot at its end; `peers` are the
/// attributes of which one must be set.
pub fn check(rule: &Json, path: &str, peers: &[&str]) -> Vec<Complaint> {
    let mut complaints = vec![];
    let mut complain = |name: &str, text: String| complaints.push((format!("{path}{name}"), text));
    if let Some(protocol) = checks::text(rule, "protocol") {
        let name = named(protocol);
        let known = has_ports(&name) || is_icmp(&name) || name == "-1";
        if !known && name.parse::<u8>().is_err() {
            let text =
                format!("`{protocol}` is no protocol: write tcp, udp, icmp, icmpv6, -1 for all, or a number");
            complain("protocol", text);
        } else if name != protocol {
            complain("protocol", format!("AWS calls `{protocol}` {name}: write \"{name}\""));
        } else if let Some((name, text)) = ports(rule, protocol) {
            complain(name, text);
        }
    }
    match checks::which(rule, peers).as_slice() {
        [_] => {}
        [] => complain(peers[0], format!("a rule needs a peer: set one of {}", peers.join(", "))),
        [_, second, ..] => {
            complain(
                second,
                format!("a rule has one peer: keep one of {} and write more rules", peers.join(", ")),
            );
        }
    }
    if let Some(text) = checks::text(rule, "cidr").and_then(|cidr| checks::ipv4(cidr, 0..=32)) {
        complain("cidr", text);
    }
    if let Some(text) = checks::text(rule, "cidr_ipv6").and_then(checks::ipv6) {
        complain("cidr_ipv6", text);
    }
    if let Some(text) = checks::text(rule, "description").and_then(description) {
        complain("description", text);
    }
    complaints
}

fn ports(rule: &Json, protocol: &str) -> Option<(&'static str, String)> {
    let set = checks::which(rule, &["port", "from_port", "to_port"]);
    let number = |name: &str| checks::given(rule, name).and_then(Json::as_i64);
    let (from, to) = (number("from_port"), number("to_port"));
    if is_icmp(protocol) {
        let text = match set.as_slice() {
            [] => return None,
            ["from_port", "to_port"] if (from, to) != (Some(-1), Some(-1)) => return None,
            ["from_port", "to_port"] => "all of ICMP is meant: remove from_port and to_port",
            _ => {
                "ICMP has a type and a code: set from_port to the type and to_port to the code (-1 for any), or neither"
            }
        };
        return Some(("from_port", text.to_owned()));
    }
    if !has_ports(protocol) {
        let name = ["port", "from_port", "to_port"].into_iter().find(|name| set.contains(name))?;
        return Some((name, format!("protocol {protocol} has no ports: remove {name}, or write tcp or udp")));
    }
    match set.as_slice() {
        ["port"] => None,
        ["from_port", "to_port"] => match (from, to) {
            (Some(from), Some(to)) if from > to => Some((
                "from_port",
                format!("the range ends before it starts: write from_port = {to}, to_port = {from}"),
            )),
            (Some(from), Some(to)) if from == to => {
                Some(("from_port", format!("the range is one port: write port = {from}")))
            }
            (Some(-1), _) => Some(("from_port", "ports start at 0: write from_port = 0".to_owned())),
            _ => None,
        },
        [] => Some(("port", "which port? Set port, or from_port = 0 and to_port = 65535 for all".to_owned())),
        _ => Some(("port", "set either port, or from_port and to_port".to_owned())),
    }
}

/// What is wrong with the text of a description of a rule or group.
pub fn description(text: &str) -> Option<String> {
    let bad = text.chars().find(|c| !c.is_ascii_alphanumeric() && !"_ .:/()#,@[]+=&;{}!$*-".contains(*c))?;
    Some(format!(
        "AWS does not take {bad:?} in descriptions: use letters, digits, spaces and _.:/()#,@[]+=&;{{}}!$*-"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::ReferencedSecurityGroup;
    use serde_json::json;

    const PEERS: &[&str] = &["cidr", "cidr_ipv6", "security_group", "prefix_list", "self"];

    fn complaints(rule: Json) -> Vec<String> {
        check(&rule, "ingress.0.", PEERS).into_iter().map(|(path, text)| format!("{path}: {text}")).collect()
    }

    #[test]
    fn the_spellings_of_aws_become_one() {
        let read = |protocol: &str, ports: Option<(i32, i32)>| {
            let rule = SecurityGroupRule::builder().ip_protocol(protocol).cidr_ipv4("10.0.0.0/8");
            let (from, to) = (ports.map(|p| p.0), ports.map(|p| p.1));
            Permission::read(&rule.set_from_port(from).set_to_port(to).build(), None).unwrap()
        };
        assert_eq!(read("-1", Some((-1, -1))), read("-1", None));
        assert_eq!(read("6", Some((22, 22))), read("tcp", Some((22, 22))));
        assert_eq!(read("50", Some((-1, -1))).spelled(), Ports::default());
        assert_eq!(read("-1", Some((0, 0))).ports, None);
        assert_eq!(read("tcp", Some((22, 22))).spelled(), Ports { one: Some(22), from: None, to: None });
        assert_eq!(read("icmp", Some((8, -1))).spelled(), Ports { one: None, from: Some(8), to: Some(-1) });
        assert_eq!(read("icmp", Some((0, 0))).spelled(), Ports { one: None, from: Some(0), to: Some(0) });
    }

    #[test]
    fn what_is_spelled_is_wanted_again() {
        for (protocol, ports) in
            [("tcp", Some((22, 22))), ("udp", Some((0, 9))), ("icmp", Some((0, 0))), ("-1", None)]
        {
            let peer = Peer::Ipv4("10.0.0.0/8".to_owned());
            let permission = Permission { protocol: protocol.to_owned(), ports, peer: peer.clone() };
            assert_eq!(Permission::wanted(protocol, permission.spelled(), peer), permission);
        }
    }

    #[test]
    fn a_group_of_another_account_keeps_its_account() {
        let group = ReferencedSecurityGroup::builder().group_id("sg-1").user_id("222222222222").build();
        let rule = SecurityGroupRule::builder().ip_protocol("-1").referenced_group_info(group).build();
        let peer = |owner| Permission::read(&rule, Some(owner)).unwrap().peer;
        assert_eq!(peer("222222222222"), Peer::Group("sg-1".to_owned()));
        assert_eq!(peer("111111111111"), Peer::Group("222222222222/sg-1".to_owned()));
    }

    #[test]
    fn only_one_spelling_passes() {
        let good = [
            json!({"protocol": "tcp", "port": 5432, "cidr": "10.0.0.0/16", "self": false}),
            json!({"protocol": "udp", "from_port": 0, "to_port": 65535, "self": true}),
            json!({"protocol": "-1", "security_group": {"$unknown": "security_group.a.id"}}),
            json!({"protocol": "icmp", "from_port": 8, "to_port": -1, "cidr": "0.0.0.0/0"}),
            json!({"protocol": "icmpv6", "cidr_ipv6": "::/0"}),
            json!({"protocol": "tcp", "port": {"$unknown": "db_instance.a.port"}, "prefix_list": "pl-1"}),
        ];
        for rule in good {
            assert_eq!(complaints(rule), Vec::<String>::new());
        }
        let bad = [
            (json!({"protocol": "6", "port": 1, "self": true}), "protocol: AWS calls"),
            (json!({"protocol": "all", "self": true}), "write \"-1\""),
            (json!({"protocol": "http", "port": 1, "self": true}), "is no protocol"),
            (json!({"protocol": "-1", "port": 1, "self": true}), "port: protocol -1 has no ports"),
            (json!({"protocol": "tcp", "self": true}), "port: which port?"),
            (json!({"protocol": "tcp", "from_port": 1, "self": true}), "from_port and to_port"),
            (
                json!({"protocol": "tcp", "from_port": 9, "to_port": 1, "self": true}),
                "from_port = 1, to_port = 9",
            ),
            (json!({"protocol": "tcp", "from_port": 9, "to_port": 9, "self": true}), "write port = 9"),
            (json!({"protocol": "icmp", "port": 8, "self": true}), "a type and a code"),
            (json!({"protocol": "icmp", "from_port": -1, "to_port": -1, "self": true}), "remove from_port"),
            (json!({"protocol": "tcp", "port": 1}), "cidr: a rule needs a peer"),
            (
                json!({"protocol": "tcp", "port": 1, "cidr": "0.0.0.0/0", "self": true}),
                "self: a rule has one peer",
            ),
            (json!({"protocol": "tcp", "port": 1, "cidr": "10.0.0.1/16"}), "write 10.0.0.0/16"),
            (json!({"protocol": "tcp", "port": 1, "self": true, "description": "ä"}), "does not take"),
        ];
        for (rule, part) in bad {
            let found = complaints(rule.clone());
            assert!(found.len() == 1 && found[0].contains(part), "{rule}: {found:?}");
        }
    }
}
