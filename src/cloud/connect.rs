use super::clients::timeouts;
use super::{Cloud, aws};
use crate::error::{Error, Result};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// Where a stack goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    pub region: String,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// Anything that speaks the AWS APIs instead of AWS itself.
    pub endpoint: Option<String>,
}

/// Attempts of the SDK itself for throttling and network trouble; 3, its default, is too few for IAM and Lambda.
const ATTEMPTS: u32 = 8;

/// Plain HTTP: for endpoints on this machine. Without TLS there are no root certificates to load.
pub fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Connects with the usual AWS credentials (environment, profile, SSO, container, instance) and asks whose they are.
///
/// # Errors
/// No credentials, expired ones, or no way to the endpoint.
pub async fn connect(to: &Destination) -> Result<Cloud> {
    let plain = to.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let (region, http) = (Region::new(to.region.clone()), if plain { http() } else { https() });
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts());
    if let Some(profile) = &to.profile {
        // Otherwise keys in the environment would win over the profile that the target names, and the command would go
        // to whatever account these are of.
        let config = ProviderConfig::without_region().with_region(Some(region)).with_http_client(http);
        let keys = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile);
        loader = loader.profile_name(profile).credentials_provider(keys.build());
    }
    if let Some(endpoint) = &to.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let config = loader.load().await;
    let emulated = to.endpoint.is_some() || config.endpoint_url().is_some();
    let mut cloud = Cloud::new(config, String::new(), emulated);
    let call = cloud.sts().get_caller_identity();
    let identity = call.send().await.map_err(aws("sts:GetCallerIdentity"))?;
    cloud.identity = identity.arn;
    cloud.account = identity
        .account
        .ok_or_else(|| Error::Refused("sts:GetCallerIdentity named no account".to_owned()))?;
    Ok(cloud)
}
