use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};

/// Forbids to repeat a call of which nobody knows whether the server has acted: no answer came, one that cannot be read, or a 500. A VPC is
/// made twice by being asked for twice. Throttled calls are repeated as ever.
#[derive(Debug)]
pub(super) struct Once;

impl ClassifyRetry for Once {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let silent = error.is_connector_error() || error.is_timeout_error() || error.is_response_error();
        let status = context.response().map(|response| response.status().as_u16());
        if silent || matches!(status, Some(200..=299 | 500 | 502 | 504)) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "Once"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::modeled_as_retryable_classifier())
    }
}
