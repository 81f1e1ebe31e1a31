use std::path::PathBuf;

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector},
    orchestrator::HttpRequest,
};

use crate::cloud::{Layer, Wrap};

use super::{form::Form, instances::Instances, keys::Keys, status::Running};

/// An HTTP client of the AWS SDK that puts real PostgreSQL servers behind the `db_instance`s of the local cloud.
///
/// MiniStack has only the control plane of RDS. This client recognises its calls, asks the supervisor for a server,
/// a password or an end, and answers when that is done; managed master passwords become secrets, as on RDS. All other
/// requests pass through untouched.
pub type LocalHttpClient = Layer<Databases>;

/// The way to the supervisor, which runs the servers.
#[derive(Debug, Clone)]
pub struct Databases {
    socket: PathBuf,
    keys: Keys,
}

impl LocalHttpClient {
    pub fn new(inner: impl HttpClient + 'static, running: &Running) -> Self {
        Self::around(inner, Databases { socket: running.socket.clone(), keys: running.keys.clone() })
    }
}

impl Wrap for Databases {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(LocalConnector { inner, databases: self.clone() })
    }
}

#[derive(Debug)]
struct LocalConnector {
    inner: SharedHttpConnector,
    databases: Databases,
}

impl HttpConnector for LocalConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match Form::of_rds(&request) {
            Some(form) => {
                let Databases { socket, keys } = self.databases.clone();
                let instances = Instances::new(self.inner.clone(), socket, keys);
                HttpConnectorFuture::new(async move { instances.call(request, form).await })
            }
            None => self.inner.call(request),
        }
    }
}
