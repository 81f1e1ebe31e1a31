use crate::cloud::Call;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::json;

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Ec2,
    /// AWS query: IAM, RDS, STS.
    Query,
    Json10,
    Json11,
    /// REST with JSON: Lambda, Scheduler.
    RestJson,
    S3,
    /// RPC with CBOR, with the codes of the query protocol that was before it: CloudWatch.
    Cbor,
}

/// An error as a service gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl Protocol {
    pub fn of(service: &str) -> Self {
        match service {
            "ec2" => Self::Ec2,
            "s3" => Self::S3,
            "lambda" | "scheduler" => Self::RestJson,
            "sqs" => Self::Json10,
            "secretsmanager" | "logs" | "glue" | "athena" => Self::Json11,
            "cloudwatch" => Self::Cbor,
            _ => Self::Query,
        }
    }
}

impl Refusal {
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// Too many requests, in the words of the service.
    pub fn throttled(service: &str) -> Self {
        let (status, code) = match service {
            "ec2" => (503, "RequestLimitExceeded"),
            "s3" => (503, "SlowDown"),
            "lambda" => (429, "TooManyRequestsException"),
            "sqs" => (400, "RequestThrottled"),
            "scheduler" => (429, "ThrottlingException"),
            "secretsmanager" | "logs" | "glue" | "athena" => (400, "ThrottlingException"),
            _ => (400, "Throttling"),
        };
        Self::new(status, code, "Rate exceeded")
    }

    /// A 500.
    pub fn internal(service: &str) -> Self {
        let code = match service {
            "ec2" | "s3" => "InternalError",
            "lambda" => "ServiceException",
            "secretsmanager" => "InternalServiceError",
            "scheduler" => "InternalServerException",
            "glue" => "InternalServiceException",
            "athena" => "InternalServerException",
            "iam" => "ServiceFailure",
            _ => "InternalFailure",
        };
        Self::new(500, code, "An internal error occurred")
    }

    /// As it goes over the wire. `id` is the request id.
    pub fn answer(&self, call: &Call, id: &str) -> HttpResponse {
        let status = StatusCode::try_from(self.status).unwrap_or_else(|_| {
            StatusCode::try_from(500).unwrap_or_else(|_| unreachable!("500 is a status"))
        });
        let mut headers: Vec<(&'static str, String)> = vec![("x-amzn-requestid", id.to_owned())];
        let body = match Protocol::of(&call.service) {
            Protocol::Cbor => {
                headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
                headers.push(("x-amzn-query-error", format!("{};Sender", self.code)));
                let mut text = aws_smithy_cbor::Encoder::new(vec![]);
                text.map(2).str("__type").str(&self.code).str("message").str(&self.message);
                text.into_writer()
            }
            protocol => self.text(protocol, call, id, &mut headers).into_bytes(),
        };
        headers.push(("content-type", content_type(&call.service).to_owned()));
        headers.push(("content-length", body.len().to_string()));
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn text(
        &self,
        protocol: Protocol,
        call: &Call,
        id: &str,
        headers: &mut Vec<(&'static str, String)>,
    ) -> String {
        let (code, message) = (escaped(&self.code), escaped(&self.message));
        match protocol {
            Protocol::Ec2 => format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
                 <RequestID>{id}</RequestID></Response>"
            ),
            Protocol::Query => format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>{id}</RequestId></ErrorResponse>"
            ),
            Protocol::S3 => {
                headers.push(("x-amz-request-id", id.to_owned()));
                // The answer to a HEAD has no body.
                match call.operation.starts_with("Head") {
                    true => String::new(),
                    false => format!(
                        "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId></Error>"
                    ),
                }
            }
            Protocol::Json10 => {
                // The queue service kept the codes of the protocol that it spoke before.
                headers.push(("x-amzn-query-error", format!("{};Sender", self.code)));
                let name = self.code.rsplit('.').next().unwrap_or_default();
                json!({"__type": format!("com.amazonaws.sqs#{name}"), "message": self.message}).to_string()
            }
            Protocol::Json11 => json!({"__type": self.code, "message": self.message}).to_string(),
            Protocol::RestJson => {
                headers.push(("x-amzn-errortype", self.code.clone()));
                json!({"Type": "User", "Message": self.message}).to_string()
            }
            Protocol::Cbor => unreachable!("it is no text"),
        }
    }
}

pub(super) fn content_type(service: &str) -> &'static str {
    match Protocol::of(service) {
        Protocol::Ec2 | Protocol::Query => "text/xml",
        Protocol::S3 => "application/xml",
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::Cbor => "application/cbor",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
