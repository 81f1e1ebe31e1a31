use stackctl::cloud::Call;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An HTTP request that has arrived whole.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    /// Names in small letters.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// More is no request of ours.
const LONGEST: usize = 64 * 1024 * 1024;

impl Request {
    /// Reads one; none if the client has closed the connection.
    pub async fn read(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = vec![];
        let head = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end + 4;
            }
            if !more(stream, &mut bytes).await? {
                return Ok(None);
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
        let mut first = lines.next().unwrap_or_default().split(' ');
        let mut word = || first.next().unwrap_or_default().to_owned();
        let (method, path) = (word(), word());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        let mut request = Self { method, path, headers: headers.collect(), body: bytes.split_off(head) };
        if request.header("expect").is_some() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let length = request.header("content-length").and_then(|length| length.parse::<usize>().ok());
        let chunked = request.header("transfer-encoding").is_some();
        let whole = |body: &[u8]| match length {
            Some(length) => body.len() >= length,
            None => !chunked || body.ends_with(b"0\r\n\r\n"),
        };
        while !whole(&request.body) {
            if !more(stream, &mut request.body).await? {
                return Ok(None);
            }
        }
        Ok(Some(request))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// As it goes on: on a connection of its own, so that its answer ends where the connection does.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let kept = self.headers.iter().filter(|(name, _)| !["connection", "expect"].contains(&name.as_str()));
        for (name, value) in kept {
            text += &format!("{name}: {value}\r\n");
        }
        text += "connection: close\r\n\r\n";
        [text.as_bytes(), &self.body].concat()
    }

    /// Which operation of which service. Of S3 the method and the first part of the path.
    pub fn call(&self) -> Call {
        // `Credential=KEY/20260101/eu-west-1/ec2/aws4_request`
        let scope = self.header("authorization").unwrap_or_default().split('/').nth(3).unwrap_or_default();
        let service = if scope == "monitoring" { "cloudwatch" } else { scope };
        let target = self.header("x-amz-target").and_then(|target| target.rsplit('.').next());
        let cbor = self.path.split_once("/operation/").map(|(_, operation)| operation);
        let body = String::from_utf8_lossy(&self.body);
        let field = body.split('&').find_map(|field| field.strip_prefix("Action="));
        let operation = match target.or(cbor).or(field) {
            Some(operation) => operation.to_owned(),
            // `PUT /bucket/key`; reads are named as reads are elsewhere.
            None => match self.method.as_str() {
                "GET" => format!("Get {}", self.path),
                "HEAD" => format!("Head {}", self.path),
                method => format!("{method} {}", self.path),
            },
        };
        Call::new(service, &operation)
    }
}

/// Whether there was any.
async fn more(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut part = vec![0; 64 * 1024];
    let count = stream.read(&mut part).await?;
    bytes.extend(&part[..count]);
    Ok(count > 0 && bytes.len() < LONGEST)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[test]
fn a_request_says_what_it_calls() {
    let request = |headers: &[(&str, &str)], path: &str, body: &str| Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
    };
    let signed = |service: &str| {
        format!("AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{service}/aws4_request, …")
    };
    let query = request(&[("authorization", &signed("ec2"))], "/", "Action=CreateVpc&Version=2016-11-15");
    assert_eq!(query.call().to_string(), "ec2:CreateVpc");
    let json = [("authorization", &*signed("sqs")), ("x-amz-target", "AmazonSQS.CreateQueue")];
    assert_eq!(request(&json, "/", "{}").call().to_string(), "sqs:CreateQueue");
    let cbor =
        request(&[("authorization", &signed("monitoring"))], "/service/G/operation/PutMetricAlarm", "");
    assert_eq!(cbor.call().to_string(), "cloudwatch:PutMetricAlarm");
}
