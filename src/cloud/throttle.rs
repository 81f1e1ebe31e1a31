use super::Call;
use super::watch::error_code;
use aws_config::retry::RetryConfig;
use aws_config::retry::RetryMode;
use aws_sdk_sts::config::retry::{ClientRateLimiter, RetryPartition, TokenBucket};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    FinalizerInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::RetrySpec;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The pace of each service and region: all clients that go there share one. It is as fast as the engine asks until AWS says
/// to go slower, falls with each such answer, and rises again with each that is none (the SDK's adaptive controller).
///
/// The SDK's own budget of repetitions, which a hundred throttled calls use up for good, is not asked: what bounds a call is
/// the number of its attempts, and [`Patience`] where it is throttled.
#[derive(Debug, Clone, Default)]
pub(super) struct Throttles(Arc<Mutex<HashMap<(&'static str, String), RetryPartition>>>);

impl Throttles {
    pub fn of(&self, service: &'static str, region: &str) -> RetryPartition {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let partition = known.entry((service, region.to_owned())).or_insert_with(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            RetryPartition::custom(format!("{service} {region}"))
                .token_bucket(TokenBucket::unlimited())
                .client_rate_limiter(ClientRateLimiter::new(now.as_secs_f64()))
                .build()
        });
        partition.clone()
    }
}

/// How calls are repeated: as often as `given` says, at the pace of [`Throttles`].
pub(super) fn paced(given: Option<&RetryConfig>) -> RetryConfig {
    let given = given.cloned().unwrap_or_else(RetryConfig::standard);
    if !given.has_retry() {
        return given;
    }
    // Of this version a controller that is asked before every attempt, and not the first alone.
    let spec = RetrySpec::v2_1().with_non_throttling_initial_backoff(given.initial_backoff());
    given.with_retry_mode(RetryMode::Adaptive).with_retry_spec(spec)
}

/// By these AWS asks to go slower, from the error references of all services that are called.
const SLOWER: [&str; 12] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Whether an answer asks to go slower.
fn asks(response: &HttpResponse) -> bool {
    let code = error_code(response);
    let code = code.as_deref().map(|code| code.strip_prefix("Client.").unwrap_or(code));
    match code {
        Some(code) => SLOWER.contains(&code),
        None => response.status().as_u16() == 429,
    }
}

/// Tells throttling from what the SDK takes for it and from what it passes over.
#[derive(Debug)]
pub(super) struct Slower;

impl ClassifyRetry for Slower {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let (Some(response), Some(Err(_))) = (context.response(), context.output_or_error()) else {
            return RetryAction::NoActionIndicated;
        };
        if asks(response) {
            return RetryAction::throttling_error();
        }
        // To the SDK it is throttling; of the services here it is a quota, which waiting does not raise.
        let quota = error_code(response).is_some_and(|code| code == "LimitExceededException");
        let is_of_a_rate = || {
            let text = response.body().bytes().unwrap_or_default().to_ascii_lowercase();
            text.windows(4).any(|word| word == b"rate")
        };
        if quota && !is_of_a_rate() { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "Slower"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::modeled_as_retryable_classifier())
    }
}

/// An attempt that was throttled is none of those that a call has: it is repeated until [`Self::LONGEST`] have gone by.
#[derive(Debug)]
pub(super) struct Patience;

impl Patience {
    /// From the first such answer to a call on. Whoever is not let through for so long is told.
    const LONGEST: Duration = Duration::from_secs(10 * 60);
}

/// What is known of a call that was throttled.
#[derive(Debug, Clone, Copy)]
struct Throttled {
    since: Instant,
    /// Attempts of the call that may fail otherwise.
    attempts: u32,
    times: u32,
}

impl Storable for Throttled {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Patience {
    fn name(&self) -> &'static str {
        "Patience"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A function that has all the calls at once that it may have says the same, and means its own callers.
        let invokes = bag
            .load::<Metadata>()
            .is_some_and(|metadata| Call::from(metadata) == Call::new("lambda", "Invoke"));
        let failed = matches!(context.output_or_error(), Some(Err(_)));
        if invokes || !failed || !context.response().is_some_and(asks) {
            return Ok(());
        }
        let Some(config) = bag.load::<RetryConfig>().filter(|config| config.has_retry()).cloned() else {
            return Ok(());
        };
        let first = Throttled { since: Instant::now(), attempts: config.max_attempts(), times: 0 };
        let mut throttled = bag.load::<Throttled>().copied().unwrap_or(first);
        throttled.times += 1;
        let most = if throttled.since.elapsed() < Self::LONGEST {
            throttled.attempts + throttled.times
        } else {
            bag.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts)
        };
        bag.interceptor_state().store_put(throttled);
        bag.interceptor_state().store_put(config.with_max_attempts(most));
        Ok(())
    }
}
