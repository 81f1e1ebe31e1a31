use super::Call;
use super::doubt::{doubt, is_doubtful};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use std::time::Instant;

/// Names every request for what comes after it, and logs every attempt: what was called and how it went, never what was
/// sent or answered.
#[derive(Debug)]
pub(super) struct Watch;

/// When the attempt began.
#[derive(Debug)]
struct Begun(Instant);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(Begun(Instant::now()));
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = bag.load::<Metadata>() {
            context.request_mut().add_extension(Call::from(metadata));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(metadata), Some(Begun(begun))) = (bag.load::<Metadata>(), bag.load::<Begun>()) else {
            return Ok(());
        };
        let call = Call::from(metadata);
        let attempt = bag.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = context.response().map(|response| response.status().as_u16());
        if is_doubtful(status) && matches!(context.output_or_error(), None | Some(Err(_))) {
            doubt();
        }
        let Some(response) = context.response() else {
            tracing::warn!(call = %call, attempt, ms, "no answer");
            return Ok(());
        };
        let status = response.status().as_u16();
        let request = request_id(response).unwrap_or("-");
        if matches!(context.output_or_error(), Some(Err(_))) {
            let code = error_code(response).unwrap_or_else(|| "-".to_owned());
            tracing::info!(call = %call, status, code, request, attempt, ms, "refused");
        } else {
            tracing::debug!(call = %call, status, request, attempt, ms, "answered");
        }
        Ok(())
    }
}

fn request_id(response: &HttpResponse) -> Option<&str> {
    ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| response.headers().get(name))
}

/// The code alone: the rest of an error may quote what was sent.
pub(super) fn error_code(response: &HttpResponse) -> Option<String> {
    let plain = |code: &str| {
        let code = code.split(['#', ':', ';']).find(|part| !part.contains("amazon"))?.trim();
        let fits = !code.is_empty()
            && code.len() <= 80
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
        fits.then(|| code.to_owned())
    };
    let header = ["x-amzn-query-error", "x-amzn-errortype"].iter().find_map(|n| response.headers().get(n));
    if let Some(code) = header.and_then(plain) {
        return Some(code);
    }
    let text = std::str::from_utf8(response.body().bytes()?).ok()?;
    let between = |open: &str, close: char| {
        let start = text.find(open)? + open.len();
        plain(text[start..].split(close).next()?)
    };
    between("<Code>", '<').or_else(|| {
        let (_, rest) = text.split_once("\"__type\"")?;
        let value = rest.split('"').nth(1)?;
        plain(value.rsplit('#').next()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn coded(header: Option<(&'static str, &'static str)>, body: &'static str) -> Option<String> {
        let mut response = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        error_code(&response)
    }

    #[test]
    fn codes_are_found_in_every_protocol_and_nothing_else_is() {
        let code = |text: &str| Some(text.to_owned());
        assert_eq!(coded(None, "<R><Error><Code>A.NotFound</Code></Error></R>"), code("A.NotFound"));
        assert_eq!(
            coded(None, r#"{"__type": "com.amazonaws.x#ValidationException"}"#),
            code("ValidationException")
        );
        let lambda = ("x-amzn-errortype", "ResourceNotFoundException:http://internal.amazon.com/");
        assert_eq!(coded(Some(lambda), "{}"), code("ResourceNotFoundException"));
        let sqs = ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender");
        assert_eq!(coded(Some(sqs), "{}"), code("AWS.SimpleQueueService.NonExistentQueue"));
        assert_eq!(coded(None, "<Code>my secret password</Code>"), None);
    }
}
