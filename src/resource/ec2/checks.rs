//! Rules that JSON Schema cannot say, for values that may be unknown.

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value as Json;
use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Path and complaint.
pub type Complaint = (String, String);

/// The value of an attribute unless it is unset.
pub fn given<'a>(inputs: &'a Json, name: &str) -> Option<&'a Json> {
    inputs.get(name).filter(|value| !value.is_null())
}

/// The text of an attribute if it is set and known.
pub fn text<'a>(inputs: &'a Json, name: &str) -> Option<&'a str> {
    inputs.get(name)?.as_str()
}

/// Which of these attributes are set, known or not.
pub fn which<'a>(inputs: &Json, names: &[&'a str]) -> Vec<&'a str> {
    names
        .iter()
        .copied()
        .filter(|name| given(inputs, name).is_some_and(|v| v != &Json::Bool(false)))
        .collect()
}

/// What is wrong with an IPv4 network: AWS would silently turn 10.0.0.1/16 into 10.0.0.0/16.
pub fn ipv4(text: &str, prefixes: RangeInclusive<u8>) -> Option<String> {
    match text.parse::<Ipv4Net>() {
        Ok(net) => network(text, &net.trunc(), net.prefix_len(), &prefixes),
        Err(_) => Some(format!("`{text}` is no IPv4 network: write one as in 10.0.0.0/16")),
    }
}

/// What is wrong with an IPv6 network; there is one spelling, since AWS answers in that.
pub fn ipv6(text: &str) -> Option<String> {
    match text.parse::<Ipv6Net>() {
        Ok(net) => network(text, &net.trunc(), net.prefix_len(), &(0..=128)),
        Err(_) => {
            Some(format!("`{text}` is no IPv6 network: write one as in 2001:db8::/32, or ::/0 for all"))
        }
    }
}

fn network(text: &str, exact: &impl Display, prefix: u8, allowed: &RangeInclusive<u8>) -> Option<String> {
    if !allowed.contains(&prefix) {
        let (min, max) = (allowed.start(), allowed.end());
        return Some(format!("/{prefix} is out of range: AWS takes /{min} to /{max} here"));
    }
    let exact = exact.to_string();
    (exact != text).then(|| format!("`{text}` is not how AWS writes this network: write {exact}"))
}

/// What is wrong with an IPv4 or IPv6 network.
pub fn any_network(text: &str) -> Option<String> {
    let address = text.split('/').next().unwrap_or_default();
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => ipv6(text),
        _ => ipv4(text, 0..=32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_one_spelling() {
        assert_eq!(ipv4("10.0.0.0/16", 16..=28), None);
        assert!(ipv4("10.0.0.1/16", 16..=28).is_some_and(|text| text.contains("write 10.0.0.0/16")));
        assert!(ipv4("10.0.0.0/8", 16..=28).is_some_and(|text| text.contains("/16 to /28")));
        assert!(ipv4("10.0.0.0", 0..=32).is_some() && ipv4("::/0", 0..=32).is_some());
        assert_eq!(any_network("::/0"), None);
        assert_eq!(any_network("0.0.0.0/0"), None);
        assert!(any_network("2001:DB8::/32").is_some_and(|text| text.contains("write 2001:db8::/32")));
    }
}
