use super::{Call, Wrap};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// Reads every answer to its end within the time of its attempt, and takes none that is larger than [`LARGEST`]. Contents of
/// S3 objects pass through: they have no limit but the SDK's, which ends those that stall.
#[derive(Debug, Clone)]
pub(super) struct Bounds;

/// Bytes. A page of AWS has some 5 MiB at most; a function answers with 6 MiB at most.
const LARGEST: usize = 64 * 1024 * 1024;

impl Wrap for Bounds {
    fn wrap(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { inner })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(call) = request.extension::<Call>().cloned() else { return self.inner.call(request) };
        if (call.service.as_str(), call.operation.as_str()) == ("s3", "GetObject") {
            return self.inner.call(request);
        }
        let bodiless = request.method() == "HEAD";
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            let body = read(response.take_body(), &call).await?;
            if body.is_empty() && !bodiless && says_nothing(&call, &response) {
                return Err(ConnectorError::io(format!("the answer to {call} is empty").into()));
            }
            if is_cut(&body) {
                return Err(ConnectorError::io(format!("the answer to {call} is cut off").into()));
            }
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

/// Whether an empty body cannot be what the service has to say. In JSON it would read as "there is nothing", of whatever was
/// asked for. S3 has reads whose answer is empty.
fn says_nothing(call: &Call, response: &HttpResponse) -> bool {
    call.is_read() && call.service != "s3" && response.status().as_u16() == 200
}

/// Whether XML ends before its root does: the SDK takes what is missing at the end for absent.
fn is_cut(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body).map(str::trim) else { return false };
    let Some(root) = text.match_indices('<').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        rest.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(rest)
    }) else {
        return false;
    };
    let name = root.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
    let single = root.ends_with("/>") && root.matches('<').count() == 0;
    text.starts_with('<') && !single && !text.ends_with(&format!("</{name}>"))
}

async fn read(body: SdkBody, call: &Call) -> Result<Vec<u8>, ConnectorError> {
    let (mut bytes, mut stream) = (vec![], ByteStream::new(body));
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| ConnectorError::io(error.into()))?;
        if bytes.len() + chunk.len() > LARGEST {
            // Not repeated: the next answer would be as long.
            let mebibytes = LARGEST / (1024 * 1024);
            let text = format!(
                "the answer to {call} is larger than {mebibytes} MiB, which no answer of AWS is: see what answers at the endpoint"
            );
            return Err(ConnectorError::user(text.into()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_ends_with_its_root() {
        let whole = "<?xml version=\"1.0\"?>\n<R xmlns=\"u\"><a><b/></a></R>\n";
        assert!(!is_cut(whole.as_bytes()));
        for at in whole.find("<R").unwrap() + 2..whole.find("</R>").unwrap() + 4 {
            assert!(is_cut(&whole.as_bytes()[..at]), "{}", &whole[..at]);
        }
        for other in ["", "<R/>", "<R x='1' />", "{\"a\": \"<b>\"}", "plain", "\u{0}"] {
            assert!(!is_cut(other.as_bytes()), "{other}");
        }
    }
}
