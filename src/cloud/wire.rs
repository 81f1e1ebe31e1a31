use super::proxies::{Proxies, Proxy};
use crate::error::Result;
use aws_smithy_http_client::pool::{
    BuildError, Client, ConnectionPool, DriverSpawner, Partition, PartitionId,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;

/// The connections of this process: one pool for each way that leads out of it. A pool is made when the first request goes its
/// way, so that nobody reads the root certificates who speaks plain HTTP, and nobody twice.
#[derive(Debug, Clone)]
pub struct Wire(Arc<Ways>);

#[derive(Debug)]
struct Ways {
    proxies: Proxies,
    pools: Mutex<BTreeMap<Way, Client>>,
}

/// By TLS or not, and the URL of the proxy between.
type Way = (bool, Option<String>);

/// All connections of a pool are driven by the runtime that made it.
const HERE: PartitionId = PartitionId::from_index(0);

/// A NAT gateway forgets a connection on which nothing flows for 350 s, without a word to either side; nothing flows while a
/// function runs. <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>
const KEEPALIVE: Duration = Duration::from_secs(60);

impl Wire {
    pub fn through(proxies: Proxies) -> Self {
        Self(Arc::new(Ways { proxies, pools: Mutex::default() }))
    }

    /// By the proxies that the environment names.
    ///
    /// # Errors
    /// As [`Proxies::from_env`].
    pub fn from_env() -> Result<Self> {
        Ok(Self::through(Proxies::from_env()?))
    }

    pub fn shared(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    pub fn proxies(&self) -> &Proxies {
        &self.0.proxies
    }

    /// How many pools there are.
    pub fn pools(&self) -> usize {
        self.0.pools.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn client(&self, url: &str) -> std::result::Result<Client, BoxError> {
        let proxy = self.0.proxies.to(url).map(Proxy::url);
        // By TLS to the proxy, or through it.
        let tls = |url: &str| url.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:"));
        let way = (tls(url) || proxy.is_some_and(tls), proxy.map(str::to_owned));
        let mut pools = self.0.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = pools.get(&way) {
            return Ok(client.clone());
        }
        let client = Client::from_partition(&pool(way.0, proxy)?, HERE)?;
        pools.insert(way, client.clone());
        Ok(client)
    }
}

fn pool(tls: bool, proxy: Option<&str>) -> std::result::Result<ConnectionPool, BoxError> {
    let proxy = proxy.map_or_else(|| Ok(ProxyConfig::disabled()), ProxyConfig::all)?;
    let runtime = Handle::try_current()?;
    let spawner = DriverSpawner::from_fn(move |task| drop(runtime.spawn(task)));
    let builder = ConnectionPool::builder()
        .partitions([Partition::new(HERE, spawner)])
        .tcp_keepalive(KEEPALIVE)
        .proxy_config(proxy);
    let built: std::result::Result<_, BuildError> = if tls {
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    } else {
        builder.build_http()
    };
    Ok(built?)
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let (wire, settings, components) = (self.clone(), settings.clone(), components.clone());
        SharedHttpConnector::new(Connector { wire, settings, components })
    }

    fn validate_base_client_config(
        &self,
        _: &RuntimeComponentsBuilder,
        _: &ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        Ok(())
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some(Cow::Borrowed("1.x"))))
    }
}

#[derive(Debug)]
struct Connector {
    wire: Wire,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.wire.client(request.uri()) {
            Ok(client) => client.http_connector(&self.settings, &self.components).call(request),
            Err(error) => HttpConnectorFuture::ready(Err(ConnectorError::user(error))),
        }
    }
}
