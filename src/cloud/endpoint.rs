use super::naming;
use super::proxies::is_loopback;
use http::Uri;
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// For the name of an endpoint to lead somewhere.
const LOOKUP: Duration = Duration::from_secs(2);

/// Whether an endpoint lies on this machine, by its address or by what its name leads to. Nobody runs AWS there. A name of AWS's
/// own may lead here by way of a tunnel, and is AWS all the same.
pub(super) async fn is_here(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let Some(host) = url.host() else { return false };
    if naming::is_aws(host) {
        return false;
    }
    if is_loopback(host) {
        return true;
    }
    let port = url.port_u16().unwrap_or(443);
    let Ok(Ok(found)) = timeout(LOOKUP, lookup_host((host, port))).await else { return false };
    let mut addresses = found.peekable();
    addresses.peek().is_some() && addresses.all(|address| address.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_this_machine_is_an_emulator() {
        for here in
            ["http://127.0.0.1:4566", "http://localhost:4566/", "https://[::1]:4566", "http://s3.localhost:1"]
        {
            assert!(is_here(here).await, "{here}");
        }
        for elsewhere in [
            "https://sts-fips.us-east-1.amazonaws.com",
            "https://vpce-0a-1.s3.eu-west-1.vpce.amazonaws.com",
            "https://10.0.0.7:4566",
            "http://emulator.invalid:5000",
            "https://localhost.amazonaws.com.cn",
            "nonsense",
        ] {
            assert!(!is_here(elsewhere).await, "{elsewhere}");
        }
    }
}
