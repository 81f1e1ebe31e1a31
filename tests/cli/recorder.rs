use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Something that speaks HTTP in the place of AWS: it says whose credentials they are and that there are no queues, refuses
/// everything else, and keeps what it was asked.
pub struct Recorder {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
    </GetCallerIdentityResponse>";
const NO_QUEUE: &str =
    "{\"__type\":\"AWS.SimpleQueueService.NonExistentQueue\",\"message\":\"no such queue\"}";
const REFUSED: &str = "<Error><Code>AccessDenied</Code><Message>not here</Message></Error>";

impl Recorder {
    pub fn new() -> Self {
        Self::answering(Self::usual)
    }

    /// What it answers unless a test says otherwise.
    pub fn usual(request: &str) -> (u16, String) {
        if request.contains("GetCallerIdentity") {
            (200, IDENTITY.to_owned())
        } else if request.contains("GetQueueUrl") {
            (400, NO_QUEUE.to_owned())
        } else {
            (403, REFUSED.to_owned())
        }
    }

    /// As `answer` says to the text of a request: status and body.
    pub fn answering(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(vec![]));
        let kept = requests.clone();
        // It ends with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let Some(request) = read(&stream) else { continue };
                let (status, body) = answer(&request);
                kept.lock().unwrap().push(request);
                let head = format!("HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\nconnection: close");
                let _ = write!(&stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            }
        });
        Self { url, requests }
    }

    /// What was asked since the last time.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

/// Head and body; none if nobody spoke.
fn read(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
            length = given.trim().parse().ok()?;
        }
        text.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    text.push_str(&String::from_utf8_lossy(&body));
    Some(text)
}
