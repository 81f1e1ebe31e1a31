use super::{Asked, cbor};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::Value as Json;
use stackctl::chaos::{Protocol, Refusal};
use stackctl::cloud::Call;
use std::time::Duration;

/// What AWS says to a call.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    content: Content,
    /// None: it never comes.
    after: Option<Duration>,
}

#[derive(Debug, Clone)]
enum Content {
    Text(String),
    /// As JSON or CBOR, whichever the service speaks.
    Json(Json),
    /// In whatever way the service refuses.
    Refusal(Refusal),
}

impl Answer {
    fn new(status: u16, content: Content) -> Self {
        Self { status, headers: vec![], content, after: Some(Duration::ZERO) }
    }

    /// For services that speak JSON or CBOR.
    pub fn json(json: Json) -> Self {
        Self::new(200, Content::Json(json))
    }

    /// As it is: XML, or nothing.
    pub fn text(status: u16, text: &str) -> Self {
        Self::new(status, Content::Text(text.to_owned()))
    }

    /// The XML within the elements that a query service puts around it: `<GetRoleResponse><GetRoleResult>…`.
    pub fn result(asked: &Asked, inner: &str) -> Self {
        let name = asked.operation();
        Self::text(200, &format!("<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>"))
    }

    /// Done, with nothing to say.
    pub fn empty() -> Self {
        Self::text(200, "")
    }

    pub fn refused(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, Content::Refusal(Refusal::new(status, code, message)))
    }

    /// The service accepts the call and is silent for ever.
    pub fn never() -> Self {
        Self { after: None, ..Self::empty() }
    }

    pub fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Only after so long.
    pub fn after(self, after: Duration) -> Self {
        Self { after: Some(after), ..self }
    }

    /// As it goes over the wire, in its time.
    pub(super) async fn arrive(self, asked: &Asked) -> HttpResponse {
        match self.after {
            Some(Duration::ZERO) => {}
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
        let body = match self.content {
            Content::Refusal(refusal) => {
                return refusal.answer(&Call::new(asked.service(), asked.operation()), "r-1");
            }
            Content::Json(json) if asked.protocol() == Protocol::Cbor => cbor::encode(&json),
            Content::Json(json) => json.to_string().into_bytes(),
            Content::Text(text) => text.into_bytes(),
        };
        let mut response = HttpResponse::new(self.status.try_into().unwrap(), SdkBody::from(body));
        if asked.protocol() == Protocol::Cbor {
            response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
        }
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
