//! The SDK itself, in virtual time, under a lock that is lost while it waits, repeats or connects.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use futures::FutureExt;
use futures::future::BoxFuture;
use stackctl::cloud::{Cloud, Warrant, aws};
use stackctl::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const BUSY: &str =
    "<Response><Errors><Error><Code>Unavailable</Code><Message>m</Message></Error></Errors></Response>";

/// A server that is not able to answer, reached over a connection that takes `connects` to be made.
#[derive(Debug, Clone)]
struct Busy {
    sent: Arc<AtomicUsize>,
    connects: Duration,
}

impl HttpConnector for Busy {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let Self { sent, connects } = self.clone();
        HttpConnectorFuture::new(async move {
            sleep(connects).await;
            sent.fetch_add(1, Ordering::Relaxed);
            Ok(HttpResponse::new(503.try_into().unwrap(), SdkBody::from(BUSY)))
        })
    }
}

/// A lock that holds up to a moment, and then again or never.
#[derive(Debug)]
struct Until {
    end: Instant,
    renews: bool,
    renewed: AtomicBool,
}

impl Warrant for Until {
    fn holds(&self) -> bool {
        Instant::now() < self.end || self.renewed.load(Ordering::Relaxed)
    }

    fn assure(self: Arc<Self>) -> BoxFuture<'static, Result<(), Error>> {
        async move {
            if !self.holds() {
                sleep(Duration::from_secs(1)).await;
                self.renewed.store(self.renews, Ordering::Relaxed);
            }
            if self.holds() { Ok(()) } else { Err(Error::Refused("it was taken over".to_owned())) }
        }
        .boxed()
    }
}

/// Creates a VPC; what came of it, and how many requests were sent.
async fn create(connects: Duration, warrant: Until) -> (Error, usize) {
    let busy = Busy { sent: Arc::default(), connects };
    let sent = busy.sent.clone();
    let http: SharedHttpClient = http_client_fn(move |_, _| SharedHttpConnector::new(busy.clone()));
    let cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", http)
        .retrying(RetryConfig::standard().with_max_attempts(8))
        .under(Arc::new(warrant));
    let made = cloud.ec2_once().create_vpc().cidr_block("10.0.0.0/16").send().await;
    (made.map_err(aws("ec2:CreateVpc")).unwrap_err(), sent.load(Ordering::Relaxed))
}

fn until(milliseconds: u64, renews: bool) -> Until {
    let end = Instant::now() + Duration::from_millis(milliseconds);
    Until { end, renews, renewed: AtomicBool::new(false) }
}

#[tokio::test(start_paused = true)]
async fn no_attempt_is_sent_once_the_lock_is_lost() {
    let (error, all) = create(Duration::ZERO, until(u64::MAX / 4_000_000, false)).await;
    assert!(matches!(&error, Error::Aws(aws) if aws.status == Some(503)), "{error}");
    assert_eq!(all, 8);
    let mut counts = vec![];
    for milliseconds in (0..60_000).step_by(2500) {
        let end = Instant::now() + Duration::from_millis(milliseconds);
        let (error, sent) = create(Duration::ZERO, until(milliseconds, false)).await;
        match error {
            Error::Withheld { begun, .. } => {
                assert!(!begun && error.to_string().contains("nothing was sent"), "{error}");
                assert!(Instant::now() >= end && sent < all, "{sent} after {milliseconds} ms");
            }
            // The SDK gave up before.
            _ => assert!(Instant::now() <= end, "{sent} after {milliseconds} ms: {error}"),
        }
        counts.push(sent);
    }
    counts.dedup();
    assert_eq!((counts[0], counts.len() >= 3), (0, true), "it was lost between many attempts: {counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_made_after_the_loss_carries_nothing() {
    let (error, sent) = create(Duration::from_secs(5), until(2000, false)).await;
    assert!(matches!(&error, Error::Withheld { begun: true, .. }), "{error}");
    assert_eq!(sent, 0);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_renewed_lets_everything_go_on() {
    for milliseconds in [0, 300, 2000, 20_000] {
        let (error, sent) = create(Duration::from_millis(700), until(milliseconds, true)).await;
        assert!(matches!(&error, Error::Aws(aws) if aws.status == Some(503)), "{error}");
        assert_eq!(sent, 8);
    }
}
