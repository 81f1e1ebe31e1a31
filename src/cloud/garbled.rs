use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};

/// A call that was answered with success and a text that cannot be read is an attempt that failed: what a proxy or a cut
/// connection made of it. Whether a call that creates may be repeated is [`super::once::Once`]'s word, which comes after this.
#[derive(Debug)]
pub(super) struct Garbled;

impl ClassifyRetry for Garbled {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = matches!(context.output_or_error(), Some(Err(error)) if error.is_operation_error());
        let good = context.response().is_some_and(|response| response.status().is_success());
        if failed && good { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "Garbled"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_before(RetryClassifierPriority::modeled_as_retryable_classifier())
    }
}
