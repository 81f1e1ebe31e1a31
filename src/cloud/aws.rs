use super::warrant::withheld;
use crate::error::{AwsError, Error, Result};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;

/// Turns an SDK error into ours: `.await.map_err(aws("ec2:CreateVpc"))?`.
pub fn aws<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| {
        if let SdkError::DispatchFailure(failure) = &error
            && let Some(ours) = failure.as_connector_error().and_then(withheld)
        {
            return ours;
        }
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (code, message, request_id) = match error.as_service_error() {
            Some(service) => {
                let meta = service.meta();
                (
                    meta.code().map(str::to_owned),
                    meta.message().map(str::to_owned),
                    meta.extra("aws_request_id").map(str::to_owned),
                )
            }
            None => (None, None, None),
        };
        let message = message.filter(|m| !m.is_empty()).unwrap_or_else(|| chain(&error));
        Error::Aws(AwsError { operation, code, message, request_id, status })
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}

/// For steps whose object may be gone already.
pub trait Gone<T> {
    /// `None` if AWS answered with one of these codes.
    fn gone(self, codes: &[&str]) -> Result<Option<T>>;
}

impl<T> Gone<T> for Result<T> {
    fn gone(self, codes: &[&str]) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is(codes) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// For errors whose way out we know.
pub trait Remedy {
    /// Appends to AWS's message what the user can do, if the error has one of these codes (none: any code).
    fn remedy(self, codes: &[&str], text: &str) -> Self;
}

impl<T> Remedy for Result<T> {
    fn remedy(self, codes: &[&str], text: &str) -> Self {
        match self {
            Err(Error::Aws(mut error))
                if codes.is_empty() || error.code.as_deref().is_some_and(|code| codes.contains(&code)) =>
            {
                error.message = format!("{}: {text}", error.message.trim_end_matches('.'));
                Err(Error::Aws(error))
            }
            other => other,
        }
    }
}

/// A part of a request. The SDK's builders fail on a missing field, which is a mistake of ours and no panic.
pub fn built<T>(part: std::result::Result<T, BuildError>) -> Result<T> {
    part.map_err(|error| Error::Refused(format!("a request could not be built: {error}")))
}
