//! Answers without an end, a sense or a word: what reaches AWS's place may be anything.

use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use stackctl::cloud::{Cloud, aws, http};
use stackctl::error::{Error, Result};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A server on this machine that does with each connection what a test says.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Cloud {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    let retries =
        RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(10));
    Cloud::emulator(&endpoint, "eu-west-1", http()).retrying(retries)
}

/// A cloud whose nth answer, from 0, is said by `answer`.
fn answers(answer: impl Fn(usize) -> String + Send + Sync + 'static) -> (Cloud, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let http = infallible_client_fn(move |_| {
        let text = answer(counted.fetch_add(1, Ordering::Relaxed));
        http::Response::builder().status(200).body(SdkBody::from(text)).unwrap()
    });
    let retries =
        RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(10));
    // The SDK counts failures by region, and repeats less where there were many.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let region = format!("bounds-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    (Cloud::emulator("http://aws.invalid", &region, http).retrying(retries), count)
}

fn heard(stream: &mut TcpStream) {
    // As much as there is: a request of these tests comes in one piece.
    let _ = stream.read(&mut [0; 16 * 1024]);
}

async fn vpcs(cloud: &Cloud) -> Result<usize> {
    let pages = cloud.ec2().describe_vpcs().into_paginator().items().send();
    let found: std::result::Result<Vec<_>, _> = pages.collect().await;
    found.map(|found| found.len()).map_err(aws("ec2:DescribeVpcs"))
}

fn page(token: &str) -> String {
    format!("<DescribeVpcsResponse><vpcSet/><nextToken>{token}</nextToken></DescribeVpcsResponse>")
}

#[tokio::test]
async fn a_server_that_accepts_and_is_silent_is_not_waited_for_without_end() {
    let cloud = server(|mut stream| {
        heard(&mut stream);
        std::thread::sleep(Duration::from_secs(3600));
    });
    let started = Instant::now();
    let error = vpcs(&cloud.answering_within(Duration::from_millis(300))).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(error.to_string().contains("timeout") && error.to_string().contains("300"), "{error}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_kept() {
    let cloud = server(|mut stream| {
        heard(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<DescribeVpcsResponse>");
        while stream.write_all(&[b' '; 64 * 1024]).is_ok() {}
    });
    let error = vpcs(&cloud).await.unwrap_err().to_string();
    assert!(error.contains("ec2:DescribeVpcs is larger than 64 MiB"), "{error}");
}

#[tokio::test]
async fn pages_without_an_end_end() {
    let (cloud, count) = answers(|nth| page(&format!("t{nth}")));
    let error = vpcs(&cloud).await.unwrap_err().to_string();
    assert!(error.contains("more than 2000 pages"), "{error}");
    assert_eq!(count.load(Ordering::Relaxed), 2_000);
    let (cloud, count) = answers(|_| page("the same"));
    let error = vpcs(&cloud).await.unwrap_err().to_string();
    assert!(error.contains("goes round in a circle"), "{error}");
    assert!(count.load(Ordering::Relaxed) < 5);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_attempt_that_failed() {
    for bad in ["", "<html>a proxy says hello", "\u{0}\u{1}", "<DescribeVpcsResponse><vpcSet>"] {
        let good =
            "<DescribeVpcsResponse><vpcSet><item><vpcId>v</vpcId></item></vpcSet></DescribeVpcsResponse>";
        let (cloud, _) = answers(move |nth| if nth < 2 { bad.to_owned() } else { good.to_owned() });
        assert_eq!(vpcs(&cloud).await.unwrap(), 1, "{bad:?}");
    }
    // In JSON nothing would read as "there is none".
    let good = r#"{"SecretList": [{"Name": "s"}]}"#;
    let (cloud, _) = answers(move |nth| if nth < 2 { String::new() } else { good.to_owned() });
    let found = cloud.secrets().list_secrets().send().await.unwrap();
    assert_eq!(found.secret_list().len(), 1);
}

/// What makes something anew each time is not repeated: nobody knows whether it was made.
#[tokio::test]
async fn a_create_whose_answer_cannot_be_read_is_not_repeated_unasked() {
    for bad in ["", "<html>a proxy says hello"] {
        let (cloud, count) = answers(move |_| bad.to_owned());
        let made = cloud.ec2_once().create_vpc().cidr_block("10.0.0.0/16").send().await;
        let error = made.map_err(aws("ec2:CreateVpc")).unwrap_err();
        assert!(matches!(&error, Error::Aws(aws) if matches!(aws.status, None | Some(200))), "{error}");
        assert_eq!(count.load(Ordering::Relaxed), 1, "{bad:?}");
    }
}
