//! AWS asks to go slower, for long and of many at once: nothing fails, and the pace follows. The SDK itself in virtual time.

use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use futures::future::{join_all, try_join_all};
use stackctl::cloud::{Cloud, aws};
use stackctl::error::{Error, Result};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep};

/// The clock of tests in virtual time.
#[derive(Debug)]
struct Virtual(SystemTime, Instant);

impl TimeSource for Virtual {
    fn now(&self) -> SystemTime {
        self.0 + self.1.elapsed()
    }
}

/// A service that answers each call by its number, from 0, and remembers when each came.
#[derive(Clone)]
struct Service {
    answer: Arc<dyn Fn(usize, Instant) -> (u16, &'static str) + Send + Sync>,
    came: Arc<Mutex<Vec<Instant>>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { answer, came } = self.clone();
        let speaks_json = request.headers().get("x-amz-target").is_some();
        HttpConnectorFuture::new(async move {
            sleep(Duration::from_millis(200)).await;
            let mut came = came.lock().unwrap();
            let (status, body) = answer(came.len(), Instant::now());
            let body = if status == 200 && speaks_json { "{}" } else { body };
            came.push(Instant::now());
            Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body)))
        })
    }
}

const GOOD: (u16, &str) = (
    200,
    "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>r</RoleName><RoleId>i</RoleId><Arn>a</Arn>\
    <CreateDate>2020-01-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>",
);
const SLOWER: (u16, &str) = (
    400,
    "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
);

fn service(
    answer: impl Fn(usize, Instant) -> (u16, &'static str) + Send + Sync + 'static,
) -> (Cloud, Arc<Mutex<Vec<Instant>>>) {
    let service = Service { answer: Arc::new(answer), came: Arc::default() };
    let came = service.came.clone();
    let http: SharedHttpClient = http_client_fn(move |_, _| SharedHttpConnector::new(service.clone()));
    let clock = SharedTimeSource::new(Virtual(SystemTime::now(), Instant::now()));
    let cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", http).timed_by(clock);
    (cloud.retrying(RetryConfig::standard().with_max_attempts(8)), came)
}

async fn role(cloud: &Cloud) -> Result<()> {
    cloud.iam().get_role().role_name("r").send().await.map(|_| ()).map_err(aws("iam:GetRole"))
}

#[tokio::test(start_paused = true)]
async fn every_second_call_is_throttled_and_none_of_four_hundred_fails() {
    let (cloud, came) = service(|nth, _| if nth % 2 == 0 { SLOWER } else { GOOD });
    for nth in 0..400 {
        role(&cloud).await.unwrap_or_else(|error| panic!("call {nth}: {error}"));
    }
    assert_eq!(came.lock().unwrap().len(), 800);
}

#[tokio::test(start_paused = true)]
async fn a_storm_over_sixteen_objects_at_once_fails_nobody() {
    let (cloud, came) = service(|nth, _| if nth < 150 { SLOWER } else { GOOD });
    let calls = (0..16).map(|_| async {
        for _ in 0..20 {
            role(&cloud).await?
        }
        Ok::<(), Error>(())
    });
    try_join_all(calls).await.unwrap();
    assert_eq!(came.lock().unwrap().len(), 150 + 16 * 20);
}

/// A limit of ten calls a second, as a service counts it. Sixteen at once find it, keep below it most of the time, and do not
/// creep; when it is lifted, they are as fast again as they want to be.
#[tokio::test(start_paused = true)]
async fn the_pace_follows_the_limit_down_and_up() {
    let start = Instant::now();
    let bucket = Mutex::new((10.0_f64, start));
    let (cloud, came) = service(move |_, now| {
        let mut bucket = bucket.lock().unwrap();
        let limit = if now - start < Duration::from_secs(120) { 10.0 } else { 1e9 };
        bucket.0 = (bucket.0 + (now - bucket.1).as_secs_f64() * limit).min(limit);
        bucket.1 = now;
        if bucket.0 < 1.0 {
            return SLOWER;
        }
        bucket.0 -= 1.0;
        GOOD
    });
    let failed = Mutex::new(vec![]);
    let worker = || async {
        while start.elapsed() < Duration::from_secs(150) {
            if let Err(error) = role(&cloud).await {
                failed.lock().unwrap().push(error.to_string());
            }
        }
    };
    join_all((0..16).map(|_| worker())).await;
    assert_eq!(*failed.lock().unwrap(), Vec::<String>::new());
    let rate = |from: u64, to: u64| {
        let within = |at: &&Instant| (from..to).contains(&(**at - start).as_secs());
        came.lock().unwrap().iter().filter(within).count() as f64 / (to - from) as f64
    };
    // What sixteen at once ask for: 80 a second.
    let (limited, free) = (rate(40, 120), rate(140, 150));
    assert!((3.0..15.0).contains(&limited), "{limited} a second where 10 are let through");
    assert!(free > 30.0, "{free} a second where nobody limits any more");
}

/// Each service and region has a pace of its own.
#[tokio::test(start_paused = true)]
async fn one_service_that_throttles_slows_no_other() {
    let (cloud, _) = service(|nth, _| if nth < 20 { SLOWER } else { GOOD });
    role(&cloud).await.unwrap();
    let started = Instant::now();
    for _ in 0..20 {
        cloud.sqs().list_queues().send().await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    for _ in 0..20 {
        role(&cloud).await.unwrap();
    }
    assert!(started.elapsed() > Duration::from_secs(10), "{:?}", started.elapsed());
}

/// What never lets anybody through ends, with AWS's own words.
#[tokio::test(start_paused = true)]
async fn throttling_without_an_end_ends() {
    let (cloud, came) = service(|_, _| SLOWER);
    let started = Instant::now();
    let error = role(&cloud).await.unwrap_err();
    assert!(error.to_string().contains("Rate exceeded (Throttling)"), "{error}");
    let took = started.elapsed();
    assert!((600..700).contains(&took.as_secs()), "{took:?}");
    assert!(came.lock().unwrap().len() < 300, "{}", came.lock().unwrap().len());
}

/// Every other trouble has as many attempts as it ever had, whatever was throttled between.
#[tokio::test(start_paused = true)]
async fn other_errors_have_eight_attempts() {
    const DOWN: (u16, &str) = (
        503,
        "<ErrorResponse><Error><Code>ServiceUnavailable</Code><Message>down</Message></Error></ErrorResponse>",
    );
    let (cloud, came) = service(|_, _| DOWN);
    assert!(role(&cloud).await.unwrap_err().is(&["ServiceUnavailable"]));
    assert_eq!(came.lock().unwrap().len(), 8);
    // For as long as one likes: no budget of the whole process ends it sooner.
    for _ in 0..100 {
        role(&cloud).await.unwrap_err();
    }
    assert_eq!(came.lock().unwrap().len(), 808);

    let (cloud, came) = service(|nth, _| if nth % 3 == 0 { SLOWER } else { DOWN });
    assert!(role(&cloud).await.unwrap_err().is(&["ServiceUnavailable"]));
    assert_eq!(came.lock().unwrap().len(), 12);
}

/// A quota is no pace: to wait does not raise it. Who says "rate" means one.
#[tokio::test(start_paused = true)]
async fn a_quota_is_told_at_once() {
    const FULL: (u16, &str) =
        (400, r#"{"__type": "LimitExceededException", "message": "Resource limit exceeded."}"#);
    const FAST: (u16, &str) = (400, r#"{"__type": "LimitExceededException", "message": "Rate exceeded"}"#);
    for (answer, most) in [(FULL, 1), (FAST, 8)] {
        let (cloud, came) = service(move |_, _| answer);
        let call = cloud.logs().create_log_group().log_group_name("g").send().await;
        assert!(call.map_err(aws("logs:CreateLogGroup")).unwrap_err().is(&["LimitExceededException"]));
        assert_eq!(came.lock().unwrap().len(), most);
    }
}

/// A function whose concurrency is used up answers in the same words, and means those who call it.
#[tokio::test(start_paused = true)]
async fn calls_of_functions_are_not_repeated_for_long() {
    const BUSY: (u16, &str) = (429, r#"{"__type": "TooManyRequestsException", "message": "Rate Exceeded."}"#);
    let (cloud, came) = service(|_, _| BUSY);
    cloud.lambda_calls().invoke().function_name("f").send().await.unwrap_err();
    assert_eq!(came.lock().unwrap().len(), 8);
    let (cloud, came) = service(|nth, _| if nth < 40 { BUSY } else { (200, "{}") });
    cloud.lambda().get_function().function_name("f").send().await.unwrap();
    assert_eq!(came.lock().unwrap().len(), 41);
}
