use super::cbor;
use crate::requests;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use stackctl::chaos::Protocol;
use stackctl::cloud::Call;

/// A call as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As [`requests::line`] has it.
    line: Json,
    call: Call,
    method: String,
    host: String,
    /// As it was sent, encoded.
    path: String,
    /// As it was sent, encoded; without the `?`.
    query: String,
    body: Vec<u8>,
}

impl Asked {
    /// # Panics
    /// The wire names another operation than the client that made the call.
    pub fn new(request: &HttpRequest) -> Self {
        let call = request.extension::<Call>().expect("every request is named").clone();
        let uri: http::Uri = request.uri().parse().unwrap();
        let asked = Self {
            line: requests::line(request),
            call,
            method: request.method().to_owned(),
            host: uri.host().unwrap_or_default().to_owned(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            body: request.body().bytes().unwrap_or_default().to_vec(),
        };
        let named = match asked.protocol() {
            Protocol::Ec2 | Protocol::Query => asked.text().split(['=', '&']).nth(1).map(str::to_owned),
            Protocol::Json10 | Protocol::Json11 => request
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.split('.').nth(1))
                .map(str::to_owned),
            Protocol::Cbor => asked.path.rsplit('/').next().map(str::to_owned),
            Protocol::RestJson
                if asked.body.is_empty() || serde_json::from_slice::<Json>(&asked.body).is_ok() =>
            {
                None
            }
            Protocol::RestJson => panic!("no JSON: {asked:?}"),
            Protocol::S3 => None,
        };
        assert!(named.is_none() || named.as_ref() == Some(&asked.call.operation), "{named:?}: {asked:?}");
        asked
    }

    pub fn line(&self) -> &Json {
        &self.line
    }

    /// As in IAM's actions: `logs`.
    pub fn service(&self) -> &str {
        &self.call.service
    }

    pub fn operation(&self) -> &str {
        &self.call.operation
    }

    pub fn protocol(&self) -> Protocol {
        Protocol::of(&self.call.service)
    }

    /// The bucket is the beginning of it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is of this form: method, path, and what the query has to have. `{}` stands for one step of the path:
    /// `GET /2017-03-31/tags/{}`, `PUT /?policy`, `GET /?list-type=2`.
    pub fn is(&self, form: &str) -> bool {
        let (method, target) = form.split_once(' ').expect("METHOD /path");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let steps = |path: &str| path.trim_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
        let (formed, sent) = (steps(path), steps(&self.path));
        let has = |wanted: &str| {
            self.query.split('&').any(|pair| pair == wanted || pair.split('=').next() == Some(wanted))
        };
        method == self.method
            && formed.len() == sent.len()
            && formed.iter().zip(&sent).all(|(form, step)| form == "{}" || form == step)
            && query.split('&').filter(|wanted| !wanted.is_empty()).all(has)
    }

    /// The value of one parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    /// The body; a form decoded.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        match self.protocol() {
            Protocol::Ec2 | Protocol::Query => percent_decode_str(&text).decode_utf8_lossy().into_owned(),
            _ => text.into_owned(),
        }
    }

    /// The body, where it is JSON or CBOR; null where there is none.
    pub fn json(&self) -> Json {
        match self.protocol() {
            _ if self.body.is_empty() => Json::Null,
            Protocol::Cbor => cbor::decode(&self.body),
            _ => serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}")),
        }
    }
}
