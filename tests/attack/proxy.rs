use crate::request::Request;
use crate::weather::Weather;
use aws_smithy_types::body::SdkBody;
use stackctl::chaos::Refusal;
use stackctl::cloud::Call;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Stands between stackctl and an emulator, and decides about each request.
pub struct Proxy {
    pub endpoint: String,
    shared: Arc<Shared>,
    // It stops with this.
    _runtime: Runtime,
}

/// Decides what befalls a request.
pub type Decide = Box<dyn FnMut(&Call) -> Weather + Send>;

struct Shared {
    upstream: String,
    decide: Mutex<Decide>,
    requests: AtomicUsize,
    befell: Mutex<BTreeMap<&'static str, usize>>,
    /// How often each call was made.
    calls: Mutex<BTreeMap<String, usize>>,
    /// Requests that are held back or being answered.
    under_way: AtomicUsize,
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// In front of `upstream`, an `http://` address.
    pub fn new(upstream: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            decide: Mutex::new(Box::new(|_| Weather::Fair)),
            requests: AtomicUsize::new(0),
            befell: Mutex::default(),
            calls: Mutex::default(),
            under_way: AtomicUsize::new(0),
        });
        let serving = shared.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = serving.clone();
                // A client that is gone is nobody's fault.
                tokio::spawn(async move { shared.serve(stream).await.is_ok() });
            }
        });
        Self { endpoint, shared, _runtime: runtime }
    }

    /// From the next request on.
    pub fn decide(&self, decide: impl FnMut(&Call) -> Weather + Send + 'static) {
        *open(&self.shared.decide) = Box::new(decide);
    }

    pub fn is_fair(&self) {
        self.decide(|_| Weather::Fair);
    }

    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// What befell requests so far, the undisturbed left out.
    pub fn befell(&self) -> BTreeMap<&'static str, usize> {
        open(&self.shared.befell).clone()
    }

    /// How often `call` has been made.
    pub fn seen(&self, call: &str) -> usize {
        open(&self.shared.calls).get(call).copied().unwrap_or_default()
    }

    /// Nothing is held back any more.
    pub fn is_idle(&self) -> bool {
        self.shared.under_way.load(Ordering::SeqCst) == 0
    }
}

impl Shared {
    /// One request for each connection.
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let Some(request) = Request::read(&mut client).await? else { return Ok(()) };
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let served = self.answer(client, &request).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        served
    }

    async fn answer(&self, mut client: TcpStream, request: &Request) -> io::Result<()> {
        let call = request.call();
        let weather = (open(&self.decide))(&call);
        self.requests.fetch_add(1, Ordering::SeqCst);
        *open(&self.calls).entry(call.to_string()).or_default() += 1;
        if weather != Weather::Fair {
            *open(&self.befell).entry(weather.name()).or_default() += 1;
        }
        let answer = match weather {
            Weather::Fair => self.forward(request).await?,
            Weather::Late(delay) => {
                tokio::time::sleep(delay).await;
                self.forward(request).await?
            }
            Weather::Dropped => {
                self.forward(request).await?;
                vec![]
            }
            Weather::ResetBefore => return reset(client),
            Weather::ResetAfter => {
                self.forward(request).await?;
                return reset(client);
            }
            Weather::FailsBefore => refused(&call, &Refusal::internal(&call.service)),
            Weather::FailsAfter => {
                self.forward(request).await?;
                refused(&call, &Refusal::internal(&call.service))
            }
            Weather::Unavailable => by_the_way(503, "Service Unavailable"),
            Weather::TooMany => by_the_way(429, "Too Many Requests"),
            Weather::Throttled => refused(&call, &Refusal::throttled(&call.service)),
            Weather::Cut => {
                let mut answer = self.forward(request).await?;
                answer.truncate(answer.len() * 2 / 3);
                answer
            }
        };
        client.write_all(&answer).await?;
        client.shutdown().await
    }

    /// The whole answer of the emulator. It is asked even if the client is gone by now.
    async fn forward(&self, request: &Request) -> io::Result<Vec<u8>> {
        let ask = async {
            let mut upstream = TcpStream::connect(&self.upstream).await?;
            upstream.write_all(&request.bytes()).await?;
            let mut answer = vec![];
            upstream.read_to_end(&mut answer).await?;
            Ok(answer)
        };
        let asked = tokio::time::timeout(Duration::from_secs(120), ask).await;
        asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Closes with what has not been read or sent thrown away.
fn reset(client: TcpStream) -> io::Result<()> {
    client.set_zero_linger()
}

/// As the service would say it. Of S3 the operation is only known as read or not.
fn refused(call: &Call, refusal: &Refusal) -> Vec<u8> {
    let answer = refusal.answer(call, "attack");
    let mut bytes = format!("HTTP/1.1 {} Attacked\r\nconnection: close\r\n", refusal.status).into_bytes();
    for (name, value) in answer.headers() {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    bytes.extend(b"\r\n");
    let body: &SdkBody = answer.body();
    bytes.extend(body.bytes().unwrap_or_default());
    bytes
}

/// As something between us and the service says it, which knows nothing of either.
fn by_the_way(status: u16, reason: &str) -> Vec<u8> {
    let body = format!("<html><body><h1>{status} {reason}</h1></body></html>");
    let length = body.len();
    format!(
        "HTTP/1.1 {status} {reason}\r\nconnection: close\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\
         \r\n{body}"
    )
    .into_bytes()
}
