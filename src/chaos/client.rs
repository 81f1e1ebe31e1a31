use super::world::{Answer, World};
use super::{Fault, Faults, Refusal, Tally, propagation, unseen};
use crate::cloud::{Call, Layer, Wrap};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::byte_stream::ByteStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::sleep;

type Reply = Result<HttpResponse, ConnectorError>;

/// An HTTP client of the AWS SDK through which everything goes wrong that goes wrong on the way to AWS.
///
/// Which request meets which fault depends on the faults and on its number among the requests of its operation, not on
/// time or on what else is going on. Requests that no client of [`crate::cloud::Cloud`] has made pass through.
pub type ChaosHttpClient = Layer<Chaos>;

/// The faults, and what they have done so far.
#[derive(Debug, Clone)]
pub struct Chaos {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    faults: Faults,
    world: Mutex<World>,
    tally: Arc<Tally>,
}

impl ChaosHttpClient {
    pub fn new(inner: impl HttpClient + 'static, faults: Faults) -> Self {
        let shared = Shared { faults, world: Mutex::default(), tally: Arc::default() };
        Self::around(inner, Chaos { shared: Arc::new(shared) })
    }

    /// What has been done to the requests so far.
    pub fn tally(&self) -> Arc<Tally> {
        self.wrap().shared.tally.clone()
    }
}

impl Wrap for Chaos {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { inner, shared: self.shared.clone() })
    }
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    shared: Arc<Shared>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(call) = request.extension::<Call>().cloned() else { return self.inner.call(request) };
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.meet(call, request).await })
    }
}

impl Connector {
    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn meet(&self, call: Call, mut request: HttpRequest) -> Reply {
        let nth = self.world().count(&call);
        self.shared.tally.request();
        let fault = self.shared.faults.pick(&call, nth);
        let id = format!("chaos-{nth}");
        // What is not used stays unread, and a body that nobody reads is a stalled upload to the SDK.
        let refused = |refusal: Refusal| refusal.answer(&call, &id);
        let key = key(&mut request).await?;
        match &fault {
            None => self.forward(&call, request, key, 0, false).await,
            Some(Fault::Throttled) => self.met(&fault, Ok(refused(Refusal::throttled(&call.service)))),
            Some(Fault::Internal) => self.met(&fault, Ok(refused(Refusal::internal(&call.service)))),
            Some(Fault::Refused(refusal)) => self.met(&fault, Ok(refused(refusal.clone()))),
            Some(Fault::Reset) => {
                self.met(&fault, Err(ConnectorError::io("connection reset by peer".into())))
            }
            Some(Fault::Propagation) => match self.too_early(&call) {
                Some(refusal) => self.met(&fault, Ok(refused(refusal))),
                None => self.forward(&call, request, key, 0, false).await,
            },
            Some(Fault::LostAnswer) => {
                // Whatever the server said, nobody hears it.
                let _ = self.forward(&call, request, key, 0, false).await;
                self.met(&fault, Err(ConnectorError::timeout("no answer in time".into())))
            }
            Some(Fault::Latency(time)) => {
                let answer = self.forward(&call, request, key, 0, false).await;
                sleep(*time).await;
                self.met(&fault, answer)
            }
            Some(Fault::Slow(reads)) => {
                let answer = self.forward(&call, request, key, *reads, false).await;
                self.met(&fault, answer)
            }
            Some(Fault::Broken) => {
                let answer = self.forward(&call, request, key, 1, true).await;
                self.met(&fault, answer)
            }
            Some(Fault::Stale) => {
                let (older, new) = {
                    let world = self.world();
                    (world.older(&call, &key), world.just_created(&call))
                };
                let stale = older.map(Answer::into_response);
                let stale = stale.or_else(|| unseen::answer(&call, &key, &id).filter(|_| new));
                match stale {
                    Some(stale) => self.met(&fault, Ok(stale)),
                    None => self.forward(&call, request, key, 0, false).await,
                }
            }
        }
    }

    /// That something does not exist is said only soon after a creation.
    fn too_early(&self, call: &Call) -> Option<Refusal> {
        let refusal = propagation::refusal(call)?;
        let of_something_new = ["NotFound", "NoSuch"].iter().any(|part| refusal.code.contains(part));
        (!of_something_new || self.world().just_created(call)).then_some(refusal)
    }

    fn met(&self, fault: &Option<Fault>, reply: Reply) -> Reply {
        if let Some(fault) = fault {
            tracing::debug!(fault = fault.name(), "chaos");
            self.shared.tally.fault(fault);
        }
        reply
    }

    async fn forward(
        &self,
        call: &Call,
        request: HttpRequest,
        key: String,
        reads: u32,
        breaks: bool,
    ) -> Reply {
        let mut response = self.inner.call(request).await?;
        // Files are not for the memory.
        if call.operation == "GetObject" {
            return Ok(response);
        }
        let body = read(response.take_body()).await?;
        let answer = Answer::new(&response, body);
        let mut world = self.world();
        if !call.is_read() {
            world.wrote(call);
            if answer.is_good() && reads > 0 {
                world.begin(call, &answer, reads, breaks);
            }
            return Ok(answer.into_response());
        }
        let shown = world.shown(call, answer);
        world.remember(key, shown.clone());
        Ok(shown.into_response())
    }
}

/// What is asked, the same for the same question. Reads the body to its end, since the SDK takes one that nobody reads
/// for a stalled upload.
async fn key(request: &mut HttpRequest) -> Result<String, ConnectorError> {
    let mut key = format!("{} {}", request.method(), request.uri());
    if request.body().bytes().is_some() || request.body().content_length() == Some(0) {
        let bytes = read(request.take_body()).await?;
        key.push(' ');
        key.push_str(&String::from_utf8_lossy(&bytes));
        *request.body_mut() = bytes.into();
    }
    Ok(key)
}

async fn read(body: aws_smithy_types::body::SdkBody) -> Result<Vec<u8>, ConnectorError> {
    let read = ByteStream::new(body).collect().await;
    read.map(|bytes| bytes.to_vec()).map_err(|error| ConnectorError::io(error.into()))
}
