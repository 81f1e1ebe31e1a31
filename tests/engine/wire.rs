//! The connections of a process: how many pools there are, and what keeps a quiet connection alive.

use aws_smithy_types::retry::RetryConfig;
use futures::future::join_all;
use stackctl::cloud::{Cloud, Proxies, Wire};
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A server that does with each connection what a test says, and how many there were.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (serve, count) = (Arc::new(serve), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    (address, count)
}

/// What the kernel times of the connections to `to`: `02` is keepalive. <https://docs.kernel.org/networking/proc_net_tcp.html>
fn timers(to: SocketAddr) -> Vec<String> {
    let port = format!(":{:04X}", to.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let fields = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let established = fields.filter(|fields| fields[2].ends_with(&port) && fields[3] == "01");
    established.map(|fields| fields[5].split(':').next().unwrap().to_owned()).collect()
}

/// Nothing flows while a function runs, and what stands between forgets such connections.
#[tokio::test]
async fn a_connection_on_which_nothing_flows_is_kept_alive() {
    let (address, _) = server(|mut stream| {
        let _ = stream.read(&mut [0; 16 * 1024]);
        std::thread::sleep(Duration::from_secs(3600));
    });
    let wire = Wire::through(Proxies::default());
    let cloud = Cloud::emulator(&format!("http://{address}"), "eu-west-1", wire.shared());
    let call = tokio::spawn(async move { cloud.lambda_calls().invoke().function_name("f").send().await });
    let mut found = vec![];
    for _ in 0..200 {
        found = timers(address);
        if found == ["02"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    call.abort();
    assert_eq!(found, ["02"], "what the kernel times of the connection");
}

/// Clients are made for each call, and share what is dear: connections, and the roots that a connection by TLS is checked with.
#[tokio::test]
async fn all_clients_of_a_process_share_one_pool() {
    for scheme in ["http", "https"] {
        // It hangs up at once.
        let (address, connections) = server(drop);
        let wire = Wire::through(Proxies::default());
        let cloud = Cloud::emulator(&format!("{scheme}://{address}"), "eu-west-1", wire.shared())
            .retrying(RetryConfig::disabled());
        for _ in 0..100 {
            drop((cloud.s3(), cloud.iam(), cloud.lambda_calls(), cloud.ec2_once(), cloud.s3_for(1 << 20)));
        }
        assert_eq!(wire.pools(), 0, "a client that asks nothing costs nothing");
        join_all((0..20).map(|_| async {
            let (iam, sqs, s3) = (cloud.iam(), cloud.sqs(), cloud.s3());
            let answers = futures::join!(
                iam.list_roles().send(),
                sqs.list_queues().send(),
                s3.list_buckets().send(),
                cloud.lambda_calls().list_functions().send(),
            );
            assert!(answers.0.is_err() && answers.1.is_err() && answers.2.is_err() && answers.3.is_err());
        }))
        .await;
        assert_eq!((wire.pools(), connections.load(Ordering::Relaxed) > 0), (1, true), "{scheme}");
    }
}

/// One for what goes through the proxy, one for what does not.
#[tokio::test]
async fn a_proxy_has_a_pool_of_its_own() {
    let (address, _) = server(drop);
    let variable = |name: &str| (name == "ALL_PROXY").then(|| format!("http://{address}"));
    let wire = Wire::through(Proxies::read(variable).unwrap());
    for endpoint in
        [format!("http://{address}"), "http://aws.invalid".to_owned(), "http://aws.invalid".to_owned()]
    {
        let cloud = Cloud::emulator(&endpoint, "eu-west-1", wire.shared()).retrying(RetryConfig::disabled());
        cloud.iam().list_roles().send().await.unwrap_err();
    }
    assert_eq!(wire.pools(), 2);
}
