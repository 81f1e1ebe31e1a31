use super::Call;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Ends a listing that does not end by itself. A client of [`super::Cloud`] is made for one listing, so the reads that it makes
/// are the pages of that; a token that repeats is found by the SDK.
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<HashMap<String, usize>>);

/// A page has up to a thousand objects.
const MOST: usize = 2_000;
/// A bucket may have a thousand million objects.
const MOST_OF_S3: usize = 1_000_000;

impl Intercept for Pages {
    fn name(&self) -> &'static str {
        "Pages"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = bag.load::<Metadata>().map(Call::from).filter(Call::is_read) else { return Ok(()) };
        let most = if call.service == "s3" { MOST_OF_S3 } else { MOST };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(call.operation.clone()).or_default();
        *count += 1;
        if *count > most {
            return Err(format!(
                "{call} has more than {most} pages and does not end: see what answers at the endpoint"
            )
            .into());
        }
        Ok(())
    }
}
