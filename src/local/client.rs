use std::path::PathBuf;

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connector_metadata::ConnectorMetadata,
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
};
use aws_smithy_types::config_bag::ConfigBag;

use super::{form::Form, instances::Instances, status::Running};

/// An HTTP client of the AWS SDK that puts real PostgreSQL servers behind the `db_instance`s of the local cloud.
///
/// MiniStack has only the control plane of RDS. This client recognises its calls, asks the supervisor for a server,
/// a password or an end, and answers when that is done; managed master passwords become secrets, as on RDS. All other
/// requests pass through untouched.
#[derive(Debug, Clone)]
pub struct LocalHttpClient {
    inner: SharedHttpClient,
    socket: PathBuf,
}

impl LocalHttpClient {
    pub fn new(inner: impl HttpClient + 'static, running: &Running) -> Self {
        Self { inner: SharedHttpClient::new(inner), socket: running.socket.clone() }
    }
}

impl HttpClient for LocalHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(LocalConnector { inner, socket: self.socket.clone() })
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

#[derive(Debug)]
struct LocalConnector {
    inner: SharedHttpConnector,
    socket: PathBuf,
}

impl HttpConnector for LocalConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match Form::of_rds(&request) {
            Some(form) => {
                let instances = Instances::new(self.inner.clone(), self.socket.clone());
                HttpConnectorFuture::new(async move { instances.call(request, form).await })
            }
            None => self.inner.call(request),
        }
    }
}
