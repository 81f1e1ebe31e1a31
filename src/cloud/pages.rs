use super::Call;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ends a listing that does not end by itself, or that goes round in a circle: the SDK's paginators take a token that comes
/// again for the end, and what was not listed would be taken for gone.
///
/// A client of [`super::Cloud`] is made for one listing, so the reads that it makes are the pages of that.
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<HashMap<String, Listing>>);

#[derive(Debug, Default)]
struct Listing {
    pages: usize,
    token: Option<String>,
}

/// A page has up to a thousand objects.
const MOST: usize = 2_000;
/// A bucket may have a thousand million objects.
const MOST_OF_S3: usize = 1_000_000;
/// What services call the place where the next page begins.
const TOKENS: [&str; 4] = ["nextToken", "NextToken", "Marker", "NextMarker"];

impl Pages {
    fn listings(&self) -> MutexGuard<'_, HashMap<String, Listing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(bag: &ConfigBag) -> Option<Call> {
    bag.load::<Metadata>().map(Call::from).filter(Call::is_read)
}

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
        let Some(call) = read(bag) else { return Ok(()) };
        let most = if call.service == "s3" { MOST_OF_S3 } else { MOST };
        let mut listings = self.listings();
        let listing = listings.entry(call.operation.clone()).or_default();
        listing.pages += 1;
        if listing.pages > most {
            let text = format!(
                "{call} has more than {most} pages and does not end: see what answers at the endpoint"
            );
            return Err(text.into());
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = read(bag) else { return Ok(()) };
        let text = context.response().body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let next = text.and_then(token).map(str::to_owned);
        let mut listings = self.listings();
        let listing = listings.entry(call.operation.clone()).or_default();
        if next.is_some() && next == listing.token {
            let text = format!(
                "{call} goes round in a circle: its next page is the one that was just read; see what answers at the endpoint"
            );
            return Err(text.into());
        }
        listing.token = next;
        Ok(())
    }
}

/// Where the next page begins, if there is one.
fn token(text: &str) -> Option<&str> {
    let named = |name: &str| {
        let xml = text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split('<').next());
        let json = || {
            let (_, rest) = text.split_once(&format!("\"{name}\""))?;
            rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?.split('"').next()
        };
        xml.or_else(json).filter(|token| !token.is_empty())
    };
    TOKENS.iter().find_map(|name| named(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_every_protocol() {
        assert_eq!(token("<R><nextToken>t1</nextToken></R>"), Some("t1"));
        assert_eq!(token("<R><Marker>m</Marker></R>"), Some("m"));
        assert_eq!(token(r#"{"a": [], "NextToken" : "t2"}"#), Some("t2"));
        assert_eq!(token("<R><nextToken></nextToken></R>"), None);
        assert_eq!(token(r#"{"NextToken": null}"#), None);
        assert_eq!(token(""), None);
    }
}
