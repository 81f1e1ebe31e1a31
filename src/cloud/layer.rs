use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use std::fmt::Debug;

/// An HTTP client of the AWS SDK around another one, whose connectors it wraps.
#[derive(Debug, Clone)]
pub struct Layer<W> {
    inner: SharedHttpClient,
    wrap: W,
}

/// What a [`Layer`] puts around a connector.
pub trait Wrap: Debug + Send + Sync {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector;
}

impl<W> Layer<W> {
    pub fn around(inner: impl HttpClient + 'static, wrap: W) -> Self {
        Self { inner: SharedHttpClient::new(inner), wrap }
    }

    pub fn wrap(&self) -> &W {
        &self.wrap
    }
}

impl<W: Wrap> HttpClient for Layer<W> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.wrap.wrap(self.inner.http_connector(settings, components))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}
