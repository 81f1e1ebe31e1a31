use super::{Moment, point};
use crate::cloud::{Call, Layer, Wrap};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// An HTTP client with a kill point before and after every call.
pub type PointsHttpClient = Layer<KillPoints>;

#[derive(Debug, Clone)]
pub struct KillPoints;

impl PointsHttpClient {
    pub fn new(inner: impl HttpClient + 'static) -> Self {
        Self::around(inner, KillPoints)
    }
}

impl Wrap for KillPoints {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(inner))
    }
}

#[derive(Debug)]
struct Connector(SharedHttpConnector);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // Requests that the local cloud adds to those of the SDK have no name.
        let name = request.extension::<Call>().map_or_else(|| "local:Secret".to_owned(), ToString::to_string);
        let inner = self.0.clone();
        HttpConnectorFuture::new(async move {
            point(Moment::BeforeCall, &name);
            let answer = inner.call(request).await;
            point(Moment::AfterCall, &name);
            answer
        })
    }
}
