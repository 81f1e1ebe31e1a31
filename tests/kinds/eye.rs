//! Looks at an object bit by bit: the answers to whatever its kind asks about it, as they came.

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use stackctl::cloud::{Cloud, Layer, Wrap};
use stackctl::resource::{Id, Kind};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Default)]
struct Eye(Arc<Mutex<Vec<String>>>);

#[derive(Debug)]
struct Looking {
    inner: SharedHttpConnector,
    eye: Eye,
}

impl Wrap for Eye {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(Looking { inner, eye: self.clone() })
    }
}

impl HttpConnector for Looking {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = format!("{} {}", request.method(), request.uri());
        let (answer, eye) = (self.inner.call(request), self.eye.clone());
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            let body = ByteStream::new(response.take_body()).collect().await.unwrap().into_bytes();
            let text = without_requests(&String::from_utf8_lossy(&body));
            eye.0.lock().unwrap().push(format!("{asked}: {} {text}", response.status().as_u16()));
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

/// Each answer has a number of its own, and some say what time it is.
fn without_requests(text: &str) -> String {
    let mut text = text.to_owned();
    for (start, end) in [
        ("<RequestId>", "</RequestId>"),
        ("<requestId>", "</requestId>"),
        ("<LatestRestorableTime>", "</LatestRestorableTime>"),
        ("X-Amz-Date=", "&"),
        ("\"RevisionId\": \"", "\"}"),
        // moto's workgroups are as old as the question.
        ("\"CreationTime\": ", "}"),
    ] {
        while let Some(at) = text.find(start) {
            let Some(length) = text[at..].find(end) else { break };
            text.replace_range(at..at + length + end.len(), "");
        }
    }
    text
}

/// Emulators answer about all of them, whichever was asked for: what others do at the same time shows in that.
const UNASKED: &[&str] = &["vpc_endpoint", "security_group", "route_table"];

/// All that the kind can learn of the object, in the words of the emulator.
pub async fn look(kind: &dyn Kind, cloud: &Cloud, id: &Id) -> Vec<String> {
    let eye = Eye::default();
    let http = SharedHttpClient::new(Layer::around(Builder::new().build_http(), eye.clone()));
    let mut eyed = Cloud::emulator(cloud.endpoint().unwrap(), &cloud.region, http);
    eyed.account.clone_from(&cloud.account);
    let cloud = eyed;
    let found = kind.read(&cloud, std::slice::from_ref(id)).await.unwrap();
    assert!(found.contains_key(id), "{id} is gone");
    if UNASKED.contains(&kind.name()) {
        return vec![];
    }
    let mut seen = std::mem::take(&mut *eye.0.lock().unwrap());
    seen.sort();
    assert!(!seen.is_empty());
    seen
}
