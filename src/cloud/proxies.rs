use crate::error::{Error, Result};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use std::net::IpAddr;
use std::sync::Arc;

/// Which proxy leads where, as the environment says it.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    /// Of `NO_PROXY`: what holds for one port, or for all.
    without: Arc<Vec<(Option<u16>, Matcher)>>,
}

/// A proxy, and who names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// With its scheme, and with whatever name and password it wants.
    url: String,
    /// `HTTPS_PROXY`
    pub variable: &'static str,
}

const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];

impl Proxies {
    /// # Errors
    /// A variable names what is no proxy that can be spoken to. Passing over it would go around a proxy that somebody wants.
    pub fn from_env() -> Result<Self> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// As [`Self::from_env`], of other variables than those of this process.
    ///
    /// # Errors
    /// As there.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let value = variable(name)?.trim().to_owned();
                (!value.is_empty()).then_some((name, value))
            })
        };
        let proxy = |names| first(names).map(|(name, value)| Proxy::new(name, &value)).transpose();
        let all = proxy(ALL)?;
        let (https, http) = (proxy(HTTPS)?.or_else(|| all.clone()), proxy(HTTP)?.or(all));
        let rules = first(NO).map(|(_, rules)| rules).unwrap_or_default();
        Ok(Self { https, http, without: Arc::new(exceptions(&rules)) })
    }

    /// The proxy on the way to a URL; none: nobody stands between. This machine, and what AWS puts beside a machine of its own
    /// to ask for credentials, are never reached by way of another one.
    pub fn to(&self, url: &str) -> Option<&Proxy> {
        let url: Uri = url.parse().ok()?;
        let host = url.host()?;
        let proxy = match url.scheme_str()? {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }?;
        let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("https") { 443 } else { 80 });
        let mut rules = self.without.iter().filter(|(of, _)| of.is_none_or(|of| of == port));
        let excepted = is_near(host) || rules.any(|(_, rules)| rules.intercept(&url).is_none());
        (!excepted).then_some(proxy)
    }
}

/// Matchers that let through what a list of exceptions has. `*.x`, which many write, is `.x`.
fn exceptions(rules: &str) -> Vec<(Option<u16>, Matcher)> {
    let mut by_port: Vec<(Option<u16>, Vec<&str>)> = vec![(None, vec![])];
    for rule in rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
        let (host, port) = match rule.rsplit_once(':') {
            // Otherwise it is an address of IPv6.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()),
            _ => (rule, None),
        };
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match by_port.iter_mut().find(|(of, _)| *of == port) {
            Some((_, hosts)) => hosts.push(host),
            None => by_port.push((port, vec![host])),
        }
    }
    let matcher =
        |hosts: Vec<&str>| Matcher::builder().all("http://proxy.invalid").no(hosts.join(",")).build();
    by_port.into_iter().map(|(port, hosts)| (port, matcher(hosts))).collect()
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.').trim_start_matches('[').trim_end_matches(']');
    let named = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    named || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback() || ip.is_unspecified())
}

/// This machine, or one of the addresses at which instances and containers get their credentials: 169.254.0.0/16,
/// `fd00:ec2::/32`.
fn is_near(host: &str) -> bool {
    let link_local = |ip: IpAddr| match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.segments()[..2] == [0xfd00, 0x0ec2],
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    is_loopback(host) || bare.parse::<IpAddr>().is_ok_and(link_local)
}

impl Proxy {
    fn new(variable: &'static str, value: &str) -> Result<Self> {
        let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
        let parsed: Option<Uri> = url.parse().ok();
        let known = parsed.filter(|url| {
            url.host().is_some_and(|host| !host.is_empty())
                && matches!(url.scheme_str(), Some("http" | "https"))
        });
        if known.is_some() {
            return Ok(Self { url, variable });
        }
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let what = match scheme {
            "http" | "https" => "no address of a proxy".to_owned(),
            other => format!("a proxy that speaks {other}, which is not spoken here"),
        };
        // The value itself may have a password in it.
        Err(Error::Refused(format!(
            "{variable} names {what}: write it as http://HOST:PORT, or as https://HOST:PORT for one that is spoken to by TLS"
        )))
    }

    /// With name and password: for the client alone.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Host and port, without name and password.
    pub fn host(&self) -> String {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.host(), self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies> {
        Proxies::read(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn way(variables: &[(&str, &str)], url: &str) -> String {
        let proxies = proxies(variables).unwrap();
        proxies.to(url).map_or_else(|| "direct".to_owned(), |proxy| format!("{proxy:?}"))
    }

    const STS: &str = "https://sts.eu-west-1.amazonaws.com/";

    #[test]
    fn each_variable_has_its_say() {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            assert_eq!(way(&[(name, "http://proxy:3128")], STS), format!("proxy:3128 ({name})"));
            assert_eq!(way(&[(name, "proxy:3128")], STS), format!("proxy:3128 ({name})"));
        }
        assert_eq!(way(&[("HTTP_PROXY", "http://proxy:3128")], STS), "direct");
        assert_eq!(way(&[("http_proxy", "p:1")], "http://moto.corp:5000/"), "p:1 (http_proxy)");
        assert_eq!(way(&[("HTTPS_PROXY", "s:1"), ("ALL_PROXY", "a:1")], STS), "s:1 (HTTPS_PROXY)");
        assert_eq!(way(&[("HTTPS_PROXY", ""), ("https_proxy", "s:1")], STS), "s:1 (https_proxy)");
        assert_eq!(way(&[("HTTPS_PROXY", " ")], STS), "direct");
    }

    #[test]
    fn exceptions_are_as_other_tools_read_them() {
        let without = |rules: &str| way(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", rules)], STS) == "direct";
        for rules in [
            "*",
            "amazonaws.com",
            ".amazonaws.com",
            "*.amazonaws.com",
            "a, sts.eu-west-1.amazonaws.com",
            "amazonaws.com:443",
            "sts.eu-west-1.amazonaws.com:443",
        ] {
            assert!(without(rules), "{rules}");
        }
        for rules in ["", "zonaws.com", "s3.eu-west-1.amazonaws.com", "amazonaws.com:8443", "10.0.0.0/8"] {
            assert!(!without(rules), "{rules}");
        }
        let at =
            |rules: &str, url: &str| way(&[("HTTPS_PROXY", "p:1"), ("no_proxy", rules)], url) == "direct";
        assert!(at("10.0.0.0/8", "https://10.1.2.3:8443/"));
        assert!(at("fd12::/16", "https://[fd12::1]/") && at("[fd12::1]:443", "https://[fd12::1]/"));
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for value in ["socks5://me:hunter2@proxy:1080", "http://", "http://me:hunter2@", "ftp://x"] {
            let error = proxies(&[("HTTPS_PROXY", value)]).unwrap_err().to_string();
            assert!(error.starts_with("HTTPS_PROXY names") && !error.contains("hunter2"), "{error}");
        }
        let named = proxies(&[("HTTPS_PROXY", "http://me:hunter2@proxy:3128/")]).unwrap();
        assert_eq!(format!("{named:?}").matches("hunter2").count(), 0);
        assert_eq!(named.to(STS).unwrap().host(), "proxy:3128");
        assert!(named.to(STS).unwrap().url().contains("me:hunter2@"));
    }

    proptest! {
        /// Whatever the variables say.
        #[test]
        fn this_machine_is_never_reached_through_a_proxy(
            host in prop_oneof![
                Just("localhost".to_owned()), Just("LocalHost".to_owned()), Just("s3.localhost".to_owned()),
                Just("[::1]".to_owned()), Just("[::ffff:127.0.0.1]".to_owned()), Just("[fd00:ec2::254]".to_owned()),
                (0u8.., 0u8.., 0u8..).prop_map(|(b, c, d)| format!("127.{b}.{c}.{d}")),
                (0u8.., 0u8..).prop_map(|(c, d)| format!("169.254.{c}.{d}")),
            ],
            port in 1u16..,
            tls: bool,
            rules in "[a-z.,*:0-9/ ]{0,20}",
        ) {
            let scheme = if tls { "https" } else { "http" };
            let url = format!("{scheme}://{host}:{port}/x");
            prop_assert_eq!(way(&[("ALL_PROXY", "p:1"), ("NO_PROXY", &rules)], &url), "direct");
        }

        /// No exceptions: everything else is.
        #[test]
        fn everything_else_is(host in "[a-z]{1,9}\\.(com|cn|internal)|1[1-9]\\.[0-9]\\.[0-9]\\.[0-9]", tls: bool) {
            let url = format!("{}://{host}/", if tls { "https" } else { "http" });
            prop_assert_eq!(way(&[("ALL_PROXY", "p:1")], &url), "p:1 (ALL_PROXY)");
        }
    }
}
