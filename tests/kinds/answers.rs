//! AWS as a function from a call to its answer, for what emulators do not play: conflicts, failures, odd spellings.

use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use stackctl::cloud::Cloud;
use std::sync::{Arc, Mutex};

/// The calls that arrived, in order.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    /// The names of all calls.
    pub fn actions(&self) -> Vec<String> {
        let action = |call: &String| call.split(['=', '&']).nth(1).unwrap().to_owned();
        self.0.lock().unwrap().iter().map(action).collect()
    }

    /// The bodies of all calls of one action, decoded.
    pub fn of(&self, action: &str) -> Vec<String> {
        let start = format!("Action={action}&");
        self.0.lock().unwrap().iter().filter(|call| call.starts_with(&start)).cloned().collect()
    }
}

/// A cloud (not an emulator of it) whose EC2 answers `answer(action, body)`, a status and the XML inside the response
/// element.
pub fn ec2(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> (Cloud, Calls) {
    query(move |action, body| {
        let (status, inner) = answer(action, body);
        let text = if status < 300 { format!("<{action}Response>{inner}</{action}Response>") } else { inner };
        (status, text)
    })
}

/// The same for every service that is asked by forms: the whole answer.
pub fn query(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> (Cloud, Calls) {
    let calls = Calls::default();
    let heard = calls.clone();
    let http = infallible_client_fn(move |request: http::Request<SdkBody>| {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap()).into_owned();
        let body = percent_encoding::percent_decode_str(&body).decode_utf8_lossy().into_owned();
        let action = body.split(['=', '&']).nth(1).unwrap().to_owned();
        heard.0.lock().unwrap().push(body.clone());
        let (status, text) = answer(&action, &body);
        http::Response::builder().status(status).body(SdkBody::from(text)).unwrap()
    });
    let mut cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", http);
    cloud.emulated = false;
    (cloud, calls)
}

/// An error as EC2 answers it.
pub fn error(code: &str, message: &str) -> (u16, String) {
    let errors = format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
    (400, format!("<Response>{errors}<RequestID>r-1</RequestID></Response>"))
}
