use crate::process::{Process, Trouble, Twist};
use crate::story::Point;
use crate::world::aws as aws_error;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use futures::future::BoxFuture;
use stackctl::cloud::{Cloud, Warranted, Wrap, aws, doubt};
use stackctl::error::{Error, Result};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// Makes a call as the SDK does: attempt by attempt, with pauses between those that are throttled, each on its way through
/// what the cloud puts between SDK and wire.
pub async fn send<T: Send + 'static>(
    process: &Arc<Process>,
    cloud: &Cloud,
    at: Point,
    what: String,
    act: impl FnOnce(Twist) -> T + Send + 'static,
) -> Result<T> {
    for attempt in 0..process.busy(at) {
        attempt_of(cloud, Box::pin(sleep(Duration::from_millis(50)))).await?;
        process.sim.log(|| format!("{} {at:?} {what} is throttled", process.name));
        process.touch(Point::Repeat);
        process.pause(Duration::from_secs(1 << attempt)).await;
    }
    let mut attempt = 0;
    while let Some(again) = process.storm() {
        attempt_of(cloud, Box::pin(sleep(Duration::from_millis(50)))).await?;
        process.sim.count("throttled in storms");
        if !again {
            return Err(aws_error(Some(400), Some("Throttling")));
        }
        process.pause(Duration::from_secs(20.min(1 << attempt.min(5)))).await;
        attempt += 1;
    }
    let answer = Arc::new(Mutex::new(None));
    let (slot, caller) = (answer.clone(), process.clone());
    let call = async move {
        let answered = caller.call(at, what, act).await;
        *slot.lock().unwrap() = Some(answered);
    };
    attempt_of(cloud, Box::pin(call)).await?;
    let answered = answer.lock().unwrap().take();
    answered.unwrap().map_err(|trouble| {
        // An attempt before was not answered.
        if trouble == Trouble::Taken {
            doubt();
        }
        Error::from(trouble)
    })
}

async fn attempt_of(cloud: &Cloud, attempt: BoxFuture<'static, ()>) -> Result<()> {
    let wire = SharedHttpConnector::new(Wire(Mutex::new(Some(attempt))));
    let wire = match cloud.warrant() {
        Some(warrant) => Warranted::new(warrant.clone()).wrap(wire),
        None => wire,
    };
    let sent = wire.call(HttpRequest::empty()).await;
    sent.map(drop)
        .map_err(|error| aws::<GetCallerIdentityError>("sim:Call")(SdkError::dispatch_failure(error)))
}

/// What an attempt does once it is let through.
struct Wire(Mutex<Option<BoxFuture<'static, ()>>>);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let attempt = self.0.lock().unwrap().take().unwrap();
        HttpConnectorFuture::new(async move {
            attempt.await;
            Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::empty()))
        })
    }
}
