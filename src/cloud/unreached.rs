use super::Proxies;
use aws_smithy_runtime_api::client::dns::ResolveDnsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// Nobody was there to answer, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unreached {
    pub message: String,
    pub help: String,
}

/// Why an attempt brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The name leads to no address.
    Unresolved,
    /// Nobody listens there.
    Refused,
    /// Somebody takes the connection, or swallows it, and says nothing.
    Silent,
    /// Who answers is not who it should be.
    Untrusted,
    /// The connection broke.
    Broken,
    /// The proxy wants to know who asks.
    Unknown,
    /// The proxy does not let it through.
    Barred,
}

impl Cause {
    /// `None` where somebody answered, or nobody was asked: no credentials, or a request that cannot be made.
    pub fn of<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> Option<Self> {
        let failure = match error {
            SdkError::TimeoutError(_) => return Some(Self::Silent),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => return Some(Self::Silent),
            SdkError::DispatchFailure(failure) => failure.as_connector_error()?,
            _ => return None,
        };
        let mut cause: Option<&(dyn Error + 'static)> = Some(failure);
        while let Some(error) = cause {
            let text = error.to_string();
            if text.contains("proxy authorization required") {
                return Some(Self::Unknown);
            }
            if text.ends_with("tunnel error: unsuccessful") {
                return Some(Self::Barred);
            }
            // Where else than at the end of the way is no matter of the way: credentials that could not be had.
            if !failure.is_io() {
                cause = error.source();
                continue;
            }
            if text.contains("dns error") || error.is::<ResolveDnsError>() {
                return Some(Self::Unresolved);
            }
            if text.contains("certificate") {
                return Some(Self::Untrusted);
            }
            match error.downcast_ref::<io::Error>().map(io::Error::kind) {
                Some(ErrorKind::ConnectionRefused) => return Some(Self::Refused),
                Some(ErrorKind::TimedOut) => return Some(Self::Silent),
                _ => {}
            }
            cause = error.source();
        }
        failure.is_io().then_some(Self::Broken)
    }

    /// In words that fit after the name of who was asked.
    pub fn says(self) -> &'static str {
        match self {
            Self::Unresolved => "cannot be found (its name does not resolve)",
            Self::Refused => "refuses the connection",
            Self::Silent => "does not answer",
            Self::Untrusted => "shows a certificate that is not trusted",
            Self::Broken => "broke the connection off",
            Self::Unknown => "was not asked: the proxy wants a name and a password",
            Self::Barred => "was not asked: the proxy does not let this machine through",
        }
    }

    /// How often it is worth asking. Who is silent has been waited for already.
    pub fn attempts(self) -> u32 {
        match self {
            Self::Silent | Self::Untrusted => 2,
            Self::Unresolved | Self::Refused | Self::Broken => 3,
            // That was an answer.
            Self::Unknown | Self::Barred => 1,
        }
    }
}

const UNTRUSTED: &str = "A proxy that reads TLS may stand in between: its certificate has to be among those that this machine \
     trusts, or in the file that SSL_CERT_FILE names.";

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Host, and port where it is said.
    pub host: String,
    /// Of AWS itself; none of another endpoint.
    pub region: Option<String>,
    /// Who stands between, and the variable that says so: `proxy:3128`, `HTTPS_PROXY`.
    pub proxy: Option<(String, &'static str)>,
}

impl Asked {
    /// `endpoint` is a URL, or none for the AWS of this region.
    pub fn new(endpoint: Option<&str>, region: &str) -> Self {
        match endpoint {
            Some(url) => {
                let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
                let host = rest.split(['/', '?']).next().unwrap_or_default();
                Self { host: host.to_owned(), region: None, proxy: None }
            }
            None => Self {
                host: format!("sts.{region}.{}", crate::cloud::naming::domain(region)),
                region: Some(region.to_owned()),
                proxy: None,
            },
        }
    }

    /// The same, by the way that leads there.
    pub fn through(self, proxies: &Proxies, endpoint: Option<&str>) -> Self {
        let own = format!("https://{}/", self.host);
        let proxy = proxies.to(endpoint.unwrap_or(&own)).map(|proxy| (proxy.host(), proxy.variable));
        Self { proxy, ..self }
    }

    /// Its name, and that of the proxy.
    pub fn name(&self) -> String {
        match &self.proxy {
            Some((proxy, _)) => format!("{} (through the proxy {proxy})", self.host),
            None => self.host.clone(),
        }
    }

    /// What is known after the last attempt.
    pub async fn unreached(&self, cause: Cause, attempts: u32) -> Unreached {
        let times = if attempts == 1 { String::new() } else { format!(", asked {attempts} times") };
        let message = format!("{} {}{times}", self.name(), cause.says());
        Unreached { message, help: self.help(cause, self.others_resolve(cause).await) }
    }

    /// Whether AWS itself can be found, where only the region's own name cannot.
    async fn others_resolve(&self, cause: Cause) -> bool {
        if cause != Cause::Unresolved || self.region.is_none() || self.proxy.is_some() {
            return false;
        }
        let found = timeout(Duration::from_secs(2), lookup_host("sts.amazonaws.com:443")).await;
        found.is_ok_and(|found| found.is_ok())
    }

    fn help(&self, cause: Cause, others_resolve: bool) -> String {
        let elsewhere = "Without an AWS account: --target local.";
        if let Some((proxy, variable)) = &self.proxy {
            let host = self.host.split(':').next().unwrap_or_default();
            return match cause {
                Cause::Unknown => {
                    format!(
                        "Write them into {variable}: http://NAME:PASSWORD@{proxy}, with %40 for an @ in them."
                    )
                }
                Cause::Untrusted => UNTRUSTED.to_owned(),
                _ => format!(
                    "{variable} names the proxy {proxy}: see whether it is there and lets this machine to {}. What is reached \
                     without it stands in NO_PROXY, such as NO_PROXY={host}.",
                    self.host
                ),
            };
        }
        match (cause, &self.region) {
            (Cause::Unresolved, Some(region)) if others_resolve => format!(
                "AWS is there, but not this name: check the region {region} in stack.toml, such as eu-west-1."
            ),
            (Cause::Unresolved, Some(region)) => {
                format!("Check the network and its DNS, and the region {region} in stack.toml. {elsewhere}")
            }
            (Cause::Unresolved, None) => {
                "Check the name in `endpoint_url` of the target, or in AWS_ENDPOINT_URL, and the DNS."
                    .to_owned()
            }
            (Cause::Refused, None) => format!(
                "Nobody listens at {}: start what should, or correct `endpoint_url` of the target or AWS_ENDPOINT_URL.",
                self.host
            ),
            (Cause::Silent, None) => format!(
                "Something swallows what is sent to {}: see what listens there, or correct `endpoint_url` of the target or \
                 AWS_ENDPOINT_URL.",
                self.host
            ),
            (Cause::Refused | Cause::Silent | Cause::Broken | Cause::Unknown | Cause::Barred, Some(_)) => {
                format!(
                    "A firewall, a VPN or a proxy (HTTPS_PROXY) may stand in between: check that this machine reaches AWS. \
                 {elsewhere}"
                )
            }
            (Cause::Broken | Cause::Unknown | Cause::Barred, None) => {
                format!("See what listens at {}, and whether it speaks the AWS APIs.", self.host)
            }
            (Cause::Untrusted, _) => UNTRUSTED.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSES: [Cause; 5] =
        [Cause::Unresolved, Cause::Refused, Cause::Silent, Cause::Untrusted, Cause::Broken];

    #[test]
    fn each_cause_has_words_and_a_help_of_its_own() {
        for asked in [Asked::new(None, "eu-wst-1"), Asked::new(Some("http://10.0.0.1:4566/x"), "eu-west-1")] {
            for (at, one) in CAUSES.iter().enumerate() {
                for other in &CAUSES[at + 1..] {
                    assert_ne!(one.says(), other.says());
                    // What stands between here and AWS is the same for those.
                    let alike = asked.region.is_some()
                        && ![*one, *other].contains(&Cause::Unresolved)
                        && ![*one, *other].contains(&Cause::Untrusted);
                    assert_eq!(
                        asked.help(*one, false) == asked.help(*other, false),
                        alike,
                        "{one:?} {other:?}"
                    );
                }
            }
        }
        let aws = Asked::new(None, "eu-wst-1");
        assert_eq!(aws.host, "sts.eu-wst-1.amazonaws.com");
        assert!(aws.help(Cause::Unresolved, true).contains("check the region eu-wst-1"));
        assert_eq!(Asked::new(None, "cn-north-1").host, "sts.cn-north-1.amazonaws.com.cn");
        assert_eq!(Asked::new(Some("https://aws.test"), "x").host, "aws.test");
    }
}
