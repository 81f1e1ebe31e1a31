use super::{Moment, point};
use crate::cloud::Call;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// An HTTP client with a kill point before and after every call.
#[derive(Debug, Clone)]
pub struct PointsHttpClient {
    inner: SharedHttpClient,
}

impl PointsHttpClient {
    pub fn new(inner: impl HttpClient + 'static) -> Self {
        Self { inner: SharedHttpClient::new(inner) }
    }
}

impl HttpClient for PointsHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(self.inner.http_connector(settings, components)))
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
