//! What state in S3 costs against state in a folder: an apply and a destroy of 100 resources on the local cloud
//! (MiniStack), with 20 ms for every request for the state, as between an office and its region. All in the same minute,
//! in turn.
//!
//! S3 is another server than those that the resources are made at, so its stand-in is a store in memory. The last row
//! of each has the state on MiniStack as well: there the requests for the state take turns with all others at one Python process.
//!
//! `cargo build --release && cargo bench --bench state`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints and stops at the first trouble"
)]

#[path = "../tests/engine/objects.rs"]
#[expect(dead_code, reason = "the engine's tests disturb it")]
mod objects;

use futures::future::BoxFuture;
use stackctl::apply::{Pace, Run, Stop, apply};
use stackctl::cloud::Cloud;
use stackctl::config::{self, Options, Source};
use stackctl::desired::Desired;
use stackctl::error::Error;
use stackctl::local::{Layout, LocalHttpClient, connect, down, up};
use stackctl::plan::{self, Selection};
use stackctl::refresh::refresh;
use stackctl::resource::{kind, registry};
use stackctl::state::{Bucket, Condition, Cost, Digest, Document, Object, Objects, PutError, Store, Version};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::sleep;

const LATENCY: Duration = Duration::from_millis(20);
const RUNS: usize = 7;
const REGION: &str = "eu-west-1";

const FOLDER: &str = "folder";
const S3: &str = "S3";
const SAME: &str = "on MiniStack";

/// One network, and 99 resources of five kinds, two and three levels deep.
fn stack() -> String {
    let mut text = format!(
        "[stack]\nname = \"bench\"\nregion = \"{REGION}\"\n[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n"
    );
    for index in 0..20 {
        text += &format!(
            "[queue.q{index}]\n[log_group.l{index}]\nname = \"/bench/${{queue.q{index}.name}}\"\n\
             [security_group.s{index}]\ndescription = \"bench\"\nvpc_id = \"${{vpc.main.id}}\"\n\
             [iam_role.r{index}]\nassumed_by = \"ec2.amazonaws.com\"\n\
             [[iam_role.r{index}.policies.jobs.Statement]]\nEffect = \"Allow\"\nAction = \"sqs:*\"\n\
             Resource = \"${{queue.q{index}.arn}}\"\n"
        );
        if index < 19 {
            text += &format!(
                "[subnet.n{index}]\nvpc_id = \"${{vpc.main.id}}\"\ncidr_block = \"10.0.{index}.0/24\"\n"
            );
        }
    }
    text
}

/// Objects a round trip away.
#[derive(Debug)]
struct Far {
    near: Box<dyn Objects>,
    requests: AtomicUsize,
}

impl Far {
    async fn travel(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        sleep(LATENCY).await;
    }
}

impl Objects for Far {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, Error>> {
        Box::pin(async move {
            self.travel().await;
            self.near.get(key).await
        })
    }
    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        condition: Condition,
    ) -> BoxFuture<'a, Result<String, PutError>> {
        Box::pin(async move {
            self.travel().await;
            self.near.put(key, bytes, condition).await
        })
    }
    fn delete<'a>(&'a self, key: &'a str, etag: &'a str) -> BoxFuture<'a, Result<(), PutError>> {
        Box::pin(async move {
            self.travel().await;
            self.near.delete(key, etag).await
        })
    }
    fn versions<'a>(&'a self, key: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Version>, Error>> {
        self.near.versions(key, most)
    }
    fn version<'a>(&'a self, key: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        self.near.version(key, id)
    }
}

/// Milliseconds from taking the lock to giving it back.
async fn run(cloud: &Cloud, store: &Store, destroy: bool) -> f64 {
    let started = Instant::now();
    let (document, held) = store.open("bench", Duration::ZERO).await.unwrap();
    let mut document = document.unwrap_or_else(|| Document::new("bench", &cloud.account, REGION));
    let stack = config::parse(Source::new("stack.toml", stack()), &Options::default(), registry())
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(100, false)));
    let desired = Desired::new(stack, &cloud.account, REGION, HashMap::new());
    let observed = refresh(cloud, &document, &Pace::EMULATOR, kind).await.unwrap();
    let digest = Digest::new(&document).costing(Cost::TRIVIAL);
    let plan = plan::build(&plan::Inputs {
        desired: &desired,
        state: &document,
        observed: &observed,
        selection: &Selection::default(),
        destroy,
        kind: &kind,
        digest: &digest,
    });
    if document.serial == 0 {
        held.write(&mut document).await.unwrap();
    }
    let journal = held.journal(&document, "bench").await.unwrap();
    let run = Run {
        cloud,
        desired: &desired,
        plan: &plan,
        observed: &observed,
        journal: &journal,
        digest: &digest,
        kind: &kind,
        new_intent: &|| uuid::Uuid::new_v4().to_string(),
        parallelism: 16,
        pace: Pace::EMULATOR,
        events: &|_| {},
        stop: watch::channel(Stop::No).1,
    };
    let mut summary = apply(&run, document).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    assert_eq!(summary.done.len(), 100);
    held.write(&mut summary.document).await.unwrap();
    held.release().await;
    started.elapsed().as_secs_f64() * 1000.0
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path()).with_program(program());
    up(&layout, &mut |_| {}).await.unwrap();
    let running = connect(&layout).await.unwrap();
    let http = LocalHttpClient::new(stackctl::cloud::http(), &running);
    let http = aws_smithy_runtime_api::client::http::SharedHttpClient::new(http);
    let cloud = Cloud::emulator(&running.endpoint, REGION, http);
    let cloud = cloud.keyed(&running.keys.id, &running.keys.secret);
    let bucket = Bucket::new(&cloud, "bench-state");
    bucket.ensure().await.unwrap();
    let far = |near: Box<dyn Objects>| Arc::new(Far { near, requests: AtomicUsize::new(0) });
    let (memory, same) = (far(Box::<objects::Memory>::default()), far(Box::new(bucket)));
    let remote = |far: &Arc<Far>| Store::remote(far.clone(), "s3://bench-state/bench.json", "bench.json");
    let here = Store::files(&folder.path().join("state"), "bench", None);
    let places =
        [(FOLDER, None, here), (S3, Some(&memory), remote(&memory)), (SAME, Some(&same), remote(&same))];
    let mut times: HashMap<(&str, bool), Vec<f64>> = HashMap::new();
    let mut requests: HashMap<(&str, bool), usize> = HashMap::new();
    for round in 0..RUNS {
        // The emulator slows down from run to run: nobody is always the first.
        for (name, far, store) in places.iter().cycle().skip(round % places.len()).take(places.len()) {
            for destroy in [false, true] {
                let count = || far.map_or(0, |far| far.requests.load(Ordering::Relaxed));
                let before = count();
                let time = run(&cloud, store, destroy).await;
                // The first round warms the emulator up.
                if round > 0 {
                    times.entry((name, destroy)).or_default().push(time);
                }
                requests.insert((name, destroy), count() - before);
            }
        }
    }
    println!("100 resources, {} ms for each request for the state, {} runs", LATENCY.as_millis(), RUNS - 1);
    println!("{:<24} {:>10} {:>7} {:>18} {:>10}", "", "median", "ratio", "added a resource", "requests");
    for destroy in [false, true] {
        let middle = |name| {
            let mut all = times[&(name, destroy)].clone();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        for name in [FOLDER, S3, SAME] {
            let (time, folder) = (middle(name), middle(FOLDER));
            println!(
                "{:<24} {time:>7.0} ms {:>7.2} {:>15.2} ms {:>10}",
                format!("{}, {name}", if destroy { "destroy" } else { "apply" }),
                time / folder,
                (time - folder) / 100.0,
                requests[&(name, destroy)],
            );
        }
    }
    down(&layout, true).await.unwrap();
}

/// The binary that lies in the target folder in which this benchmark lies: the supervisor runs in it.
fn program() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    me.ancestors().nth(2).unwrap().join("stackctl")
}
