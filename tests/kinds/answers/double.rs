use super::{Answer, Asked};
use crate::requests;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::Value as Json;
use stackctl::cloud::Cloud;
use std::fmt;
use std::sync::{Arc, Mutex};

/// The calls that arrived, in order.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<Asked>>>);

impl Calls {
    pub fn all(&self) -> Vec<Asked> {
        self.0.lock().unwrap().clone()
    }

    /// The names of all calls.
    pub fn actions(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|asked| asked.operation().to_owned()).collect()
    }

    /// How often the operation was called.
    pub fn count(&self, action: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|asked| asked.operation() == action).count()
    }

    /// The bodies of all calls of one action; forms decoded.
    pub fn of(&self, action: &str) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|asked| asked.operation() == action).map(Asked::text).collect()
    }

    /// The bodies of all calls of one action, where they are JSON or CBOR.
    pub fn sent(&self, action: &str) -> Vec<Json> {
        self.0.lock().unwrap().iter().filter(|asked| asked.operation() == action).map(Asked::json).collect()
    }
}

/// A cloud, and no emulator of it, that answers each call of any service like this.
pub fn aws(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> (Cloud, Calls) {
    let calls = Calls::default();
    let double = Double { answer: Arc::new(answer), calls: calls.clone() };
    let mut cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", SharedHttpClient::new(double));
    cloud.emulated = false;
    (cloud, calls)
}

#[derive(Clone)]
struct Double {
    answer: Arc<dyn Fn(&Asked) -> Answer + Send + Sync>,
    calls: Calls,
}

impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Double")
    }
}

impl HttpConnector for Double {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        requests::check(&request);
        let asked = Asked::new(&request);
        self.calls.0.lock().unwrap().push(asked.clone());
        let answer = (self.answer)(&asked);
        HttpConnectorFuture::new(async move { Ok(answer.arrive(&asked).await) })
    }
}

impl HttpClient for Double {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
