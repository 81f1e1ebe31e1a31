use super::bounds::Bounds;
use super::garbled::Garbled;
use super::once::Once;
use super::pages::Pages;
use super::throttle::{Patience, Slower, Throttles, paced};
use super::watch::Watch;
use super::{Layer, Warrant, Warranted};
use crate::gauge::Gauge;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::config::StalledStreamProtectionConfig;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::sync::Arc;
use std::time::Duration;

/// A function runs for 15 minutes at most, and may take some more to start.
const LONGEST_CALL: Duration = Duration::from_secs(17 * 60);

/// Of a database of the local cloud, on a machine that is busy.
const LONGEST_START: Duration = Duration::from_secs(10 * 60);

/// For an attempt of an ordinary call, connecting and reading the answer included. AWS itself gives up after less.
const ATTEMPT: Duration = Duration::from_secs(60);
/// Bytes per second of a slow line, on which uploads take longer.
const SLOW: u64 = 32 * 1024;

/// The timeouts of ordinary calls: whoever accepts a connection and is silent does not hang a command for ever.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(ATTEMPT)
        .build()
}

/// For an attempt that sends so many bytes.
fn time_for(bytes: u64) -> Duration {
    ATTEMPT + Duration::from_secs(bytes / SLOW)
}

/// The access key of emulators, id and secret: they take any.
const EMULATOR: (&str, &str) = ("test", "test");

/// Everything a resource kind may touch. Clients are cheap to make; they share connections and credentials.
#[derive(Debug, Clone)]
pub struct Cloud {
    config: SdkConfig,
    /// Twelve digits.
    pub account: String,
    /// The ARN of whose credentials these are; none where nobody was asked.
    pub identity: Option<String>,
    pub region: String,
    /// An emulator and not AWS: waits are short, and what it cannot do is forgiven where a kind says so.
    pub emulated: bool,
    /// The gateway's endpoint if this is our own local cloud, which can be asked what it is at work on.
    pub local: Option<String>,
    warrant: Option<Arc<dyn Warrant>>,
    throttles: Throttles,
    /// Where reads are counted, for whoever watches.
    pub gauge: Arc<Gauge>,
}

/// How every client is made.
macro_rules! config {
    ($cloud:ident, $service:ident) => {
        $service::config::Builder::from(&$cloud.config)
            .interceptor(Watch)
            .interceptor(Pages::default())
            .interceptor(Patience)
            .retry_classifier(Garbled)
            .retry_classifier(Slower)
            .retry_config(paced($cloud.config.retry_config()))
            .retry_partition($cloud.throttles.of(stringify!($service), &$cloud.region))
    };
}

macro_rules! clients {
    ($($name:ident: $service:ident),* $(,)?) => {
        impl Cloud {
            $(pub fn $name(&self) -> $service::Client {
                $service::Client::from_conf(config!(self, $service).build())
            })*
        }
    };
}

clients! {
    athena: aws_sdk_athena,
    cloudwatch: aws_sdk_cloudwatch,
    ec2: aws_sdk_ec2,
    glue: aws_sdk_glue,
    iam: aws_sdk_iam,
    lambda: aws_sdk_lambda,
    logs: aws_sdk_cloudwatchlogs,
    scheduler: aws_sdk_scheduler,
    secrets: aws_sdk_secretsmanager,
    sqs: aws_sdk_sqs,
    sts: aws_sdk_sts,
}

impl Cloud {
    pub fn new(config: SdkConfig, account: String, emulated: bool) -> Self {
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let http = config.http_client().map(|http| SharedHttpClient::new(Layer::around(http, Bounds)));
        let mut config = config.into_builder();
        config.set_http_client(http);
        let config = config.build();
        Self {
            config,
            account,
            identity: None,
            region,
            emulated,
            local: None,
            warrant: None,
            throttles: Throttles::default(),
            gauge: Arc::default(),
        }
    }

    /// What is read is counted there.
    #[must_use]
    pub fn counting(self, gauge: Arc<Gauge>) -> Self {
        Self { gauge, ..self }
    }

    /// For calls that make something anew each time they arrive. EC2 has few client tokens: what was made before the
    /// answer got lost is found by its tags, and only if nothing was found the engine makes the call again.
    pub fn ec2_once(&self) -> aws_sdk_ec2::Client {
        let config = config!(self, aws_sdk_ec2);
        aws_sdk_ec2::Client::from_conf(config.retry_classifier(Once).build())
    }

    /// For calls of functions: they take as long as the function does, and one that may have run is not called again
    /// unasked.
    pub fn lambda_calls(&self) -> aws_sdk_lambda::Client {
        let config = config!(self, aws_sdk_lambda)
            .retry_classifier(Once)
            .timeout_config(self.within(LONGEST_CALL))
            // Nothing flows while a function runs.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        aws_sdk_lambda::Client::from_conf(config.build())
    }

    /// Emulators have no wildcard DNS for `bucket.host`, so they get path-style addresses.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = config!(self, aws_sdk_s3);
        aws_sdk_s3::Client::from_conf(config.force_path_style(self.emulated).build())
    }

    /// For uploads of so many bytes at once.
    pub fn s3_for(&self, bytes: u64) -> aws_sdk_s3::Client {
        let config = config!(self, aws_sdk_s3).timeout_config(self.within(time_for(bytes)));
        aws_sdk_s3::Client::from_conf(config.force_path_style(self.emulated).build())
    }

    /// For calls that carry so many bytes of code.
    pub fn lambda_for(&self, bytes: u64) -> aws_sdk_lambda::Client {
        let config = config!(self, aws_sdk_lambda).timeout_config(self.within(time_for(bytes)));
        aws_sdk_lambda::Client::from_conf(config.build())
    }

    /// The same for a call that may have been made, and is not made again unasked.
    pub fn lambda_once_for(&self, bytes: u64) -> aws_sdk_lambda::Client {
        let config = config!(self, aws_sdk_lambda).timeout_config(self.within(time_for(bytes)));
        aws_sdk_lambda::Client::from_conf(config.retry_classifier(Once).build())
    }

    /// The local cloud answers once the database is there.
    pub fn rds(&self) -> aws_sdk_rds::Client {
        let config = config!(self, aws_sdk_rds);
        let config = if self.emulated { config.timeout_config(self.within(LONGEST_START)) } else { config };
        aws_sdk_rds::Client::from_conf(config.build())
    }

    /// The timeouts of this cloud, with another one for an attempt.
    fn within(&self, attempt: Duration) -> TimeoutConfig {
        let timeouts =
            self.config.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        timeouts.operation_attempt_timeout(attempt).build()
    }

    /// A cloud at `endpoint` with test credentials, over `http`: for emulators and recorded requests.
    pub fn emulator(endpoint: &str, region: &str, http: SharedHttpClient) -> Self {
        let keys = aws_credential_types::Credentials::new(EMULATOR.0, EMULATOR.1, None, None, "emulator");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .http_client(http)
            .timeout_config(timeouts())
            .build();
        Self::new(config, "000000000000".to_owned(), true)
    }

    /// What is asked instead of AWS, by flag, environment or profile; none: AWS.
    pub fn endpoint(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// The same cloud, reached only while `warrant` holds.
    #[must_use]
    pub fn under(self, warrant: Arc<dyn Warrant>) -> Self {
        let Some(http) = self.config.http_client() else { return self };
        let http = SharedHttpClient::new(Layer::around(http, Warranted::new(warrant.clone())));
        let config = self.config.into_builder().http_client(http).build();
        Self { config, warrant: Some(warrant), ..self }
    }

    /// What calls need on their way to this cloud.
    pub fn warrant(&self) -> Option<&Arc<dyn Warrant>> {
        self.warrant.as_ref()
    }

    /// The same cloud, waiting for an answer for so long and no longer.
    #[must_use]
    pub fn answering_within(self, attempt: Duration) -> Self {
        let timeouts = self.within(attempt);
        Self { config: self.config.into_builder().timeout_config(timeouts).build(), ..self }
    }

    /// The same cloud, with an access key of its own: id and secret.
    pub fn keyed(self, id: &str, secret: &str) -> Self {
        let keys = aws_credential_types::Credentials::new(id, secret, None, None, "local cloud");
        let keys = SharedCredentialsProvider::new(keys);
        Self { config: self.config.into_builder().credentials_provider(keys).build(), ..self }
    }

    /// The same cloud, in another region.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        let config = self.config.into_builder().region(Region::new(region.to_owned())).build();
        Self { config, region: region.to_owned(), ..self }
    }

    /// The same cloud by another clock than the system's, such as the virtual time of tests.
    #[must_use]
    pub fn timed_by(self, clock: SharedTimeSource) -> Self {
        Self { config: self.config.into_builder().time_source(clock).build(), ..self }
    }

    /// The same cloud, its clients repeating failed calls as `retries` says; what is throttled, as often as it takes.
    pub fn retrying(self, retries: RetryConfig) -> Self {
        Self { config: self.config.into_builder().retry_config(retries).build(), ..self }
    }
}
