use super::Wrap;
use crate::error::{Error, Result};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use futures::future::BoxFuture;
use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// The right to make calls: what is done under a lock ends with the lock.
pub trait Warrant: Debug + Send + Sync {
    /// Whether it holds at this moment, without asking anybody.
    fn holds(&self) -> bool;

    /// Makes sure of it where that is not certain.
    ///
    /// # Errors
    /// It does not hold any more, or that could not be found out.
    fn assure(self: Arc<Self>) -> BoxFuture<'static, Result<()>>;
}

/// Between the SDK and the wire: lets no attempt of a call through unless the warrant holds.
///
/// The SDK repeats a call up to eight times with pauses between, and makes connections that take seconds. A process may
/// sleep in any of them, so that a look at the lock before the call says nothing about what is sent after it. This one is
/// asked before every attempt, and again each time that anything of the attempt goes on.
#[derive(Debug, Clone)]
pub struct Warranted(Arc<dyn Warrant>);

impl Warranted {
    pub fn new(warrant: Arc<dyn Warrant>) -> Self {
        Self(warrant)
    }
}

impl Wrap for Warranted {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { inner, warrant: self.0.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    warrant: Arc<dyn Warrant>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, warrant) = (self.inner.clone(), self.warrant.clone());
        // A connector begins to work when it is polled, and not by being called.
        HttpConnectorFuture::new(async move { under(warrant, inner.call(request)).await })
    }
}

/// Polls `attempt` while the warrant holds and not one moment longer.
async fn under<T>(
    warrant: Arc<dyn Warrant>,
    attempt: impl Future<Output = Result<T, ConnectorError>>,
) -> Result<T, ConnectorError> {
    let mut attempt = pin!(attempt);
    let mut begun = false;
    loop {
        if let Err(because) = warrant.clone().assure().await {
            let withheld = Error::Withheld { because: Box::new(because), begun };
            tracing::warn!(%withheld, "a call is withheld");
            // The sort of error that the SDK does not repeat.
            return Err(ConnectorError::user(Box::new(Withheld(Mutex::new(Some(withheld))))));
        }
        let polled = poll_fn(|context| {
            if !warrant.holds() {
                return Poll::Ready(None);
            }
            begun = true;
            attempt.as_mut().poll(context).map(Some)
        });
        if let Some(answer) = polled.await {
            return answer;
        }
    }
}

/// Takes an error of ours through the SDK.
#[derive(Debug, thiserror::Error)]
#[error("the call was withheld")]
struct Withheld(Mutex<Option<Error>>);

/// The error of ours that came through the SDK, if this is one.
pub(super) fn withheld(error: &ConnectorError) -> Option<Error> {
    let source = std::error::Error::source(error)?.downcast_ref::<Withheld>()?;
    source.0.lock().unwrap_or_else(PoisonError::into_inner).take()
}
