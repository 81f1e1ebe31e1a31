use super::clients::timeouts;
use super::unreached::{Asked, Cause};
use super::{Cloud, Proxies, Wire, aws, endpoint, profiles};
use crate::error::{Error, Result};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Where a stack goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    pub region: String,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// Where the AWS APIs are spoken to: an emulator of AWS, or AWS by another way.
    pub endpoint: Option<String>,
    /// Whether that is an emulator; if nobody says so, an endpoint on this machine is one.
    pub emulator: Option<bool>,
}

/// Attempts of the SDK itself where AWS or the network has trouble. Throttled ones do not count.
const ATTEMPTS: u32 = 8;

/// Without a proxy: for what runs on this machine.
pub fn http() -> SharedHttpClient {
    Wire::through(Proxies::default()).shared()
}

/// For an attempt to learn whose credentials these are. Where they come from has 5 s of it, as the SDK has it.
const FIRST_ANSWER: Duration = Duration::from_secs(7);
/// Before the second attempt, and the third.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1200)];
/// After so long without an answer it is said what is waited for.
const SILENCE: Duration = Duration::from_secs(1);

/// Connects with the usual AWS credentials (environment, profile, SSO, container, instance) and asks whose they are. `tell`
/// gets a line for people where that takes long.
///
/// # Errors
/// No such profile, no credentials, expired ones, or no way to the endpoint: that is found out soon, by few attempts.
pub async fn connect(to: &Destination, tell: &(dyn Fn(&str) + Sync)) -> Result<Cloud> {
    let profile = profiles::chosen(to.profile.as_deref(), tell).await?;
    let wire = Wire::from_env()?;
    let (region, http) = (Region::new(to.region.clone()), wire.shared());
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
    let emulated = match (to.emulator, config.endpoint_url()) {
        (_, None) => false,
        (Some(said), Some(_)) => said,
        (None, Some(url)) => endpoint::is_here(url).await,
    };
    let mut cloud = Cloud::new(config, String::new(), emulated);
    let asked = Asked::new(cloud.endpoint(), &to.region).through(wire.proxies(), cloud.endpoint());
    let identity = whose(&cloud, &asked, tell).await.map_err(|error| profile.explain(error))?;
    cloud.identity = identity.arn;
    cloud.account = identity
        .account
        .ok_or_else(|| Error::Refused("sts:GetCallerIdentity named no account".to_owned()))?;
    Ok(cloud)
}

/// Asks, again where nobody answered, and says so.
async fn whose(
    cloud: &Cloud,
    asked: &Asked,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<GetCallerIdentityOutput> {
    let sts = cloud.clone().answering_within(FIRST_ANSWER).retrying(RetryConfig::disabled()).sts();
    let mut attempt = 1;
    loop {
        let mut call = Box::pin(sts.get_caller_identity().send());
        let answer = match timeout(SILENCE, &mut call).await {
            Ok(answer) => answer,
            Err(_) => {
                tell(&format!("Asking {} whose credentials these are (attempt {attempt}) …", asked.name()));
                call.await
            }
        };
        let error = match answer {
            Ok(identity) => return Ok(identity),
            Err(error) => error,
        };
        let cause = Cause::of(&error);
        let status = error.raw_response().map(|response| response.status().as_u16());
        let passing = status.is_some_and(|status| status >= 500 || status == 429);
        let most = cause.map_or(if passing { 3 } else { 1 }, Cause::attempts);
        if attempt >= most {
            return Err(match cause {
                Some(cause) => Error::Unreached(asked.unreached(cause, attempt).await),
                None => aws("sts:GetCallerIdentity")(error),
            });
        }
        let says = cause.map_or("is not able to answer now", Cause::says);
        attempt += 1;
        tell(&format!("{} {says}; asking again (attempt {attempt} of {most}) …", asked.name()));
        sleep(if attempt == 2 { PAUSES[0] } else { PAUSES[1] }).await;
    }
}
