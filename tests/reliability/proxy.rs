//! A way to an emulator on which a test decides what becomes of each request.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Passes,
    /// It arrives later.
    Late(Duration),
}

type Decide = Box<dyn Fn(&str) -> Fate + Send>;

/// One request a connection, which is all that the SDK needs.
#[derive(Clone)]
pub struct Proxy {
    pub endpoint: String,
    decide: Arc<Mutex<Decide>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// In front of `upstream`; everything passes at first.
    pub fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let proxy =
            Self { endpoint, decide: Arc::new(Mutex::new(Box::new(|_| Fate::Passes))), seen: Arc::default() };
        let (serving, upstream) = (proxy.clone(), upstream.trim_start_matches("http://").to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (proxy, upstream) = (serving.clone(), upstream.clone());
                // A client that is killed takes its connection with it: no error of the test.
                std::thread::spawn(move || client.and_then(|client| proxy.serve(client, &upstream)));
            }
        });
        proxy
    }

    /// From now on; `decide` gets the whole request.
    pub fn decide(&self, decide: impl Fn(&str) -> Fate + Send + 'static) {
        *self.decide.lock().unwrap() = Box::new(decide);
    }

    /// How many requests with this text in them have come.
    pub fn count(&self, text: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|request| request.contains(text)).count()
    }

    fn serve(&self, mut client: TcpStream, upstream: &str) -> std::io::Result<()> {
        let request = read(&mut client)?;
        let text = String::from_utf8_lossy(&request).into_owned();
        let fate = (self.decide.lock().unwrap())(&text);
        self.seen.lock().unwrap().push(text);
        match fate {
            Fate::Passes => {}
            Fate::Late(time) => std::thread::sleep(time),
        }
        let mut server = TcpStream::connect(upstream)?;
        server.write_all(&request)?;
        std::io::copy(&mut server, &mut client)?;
        Ok(())
    }
}

/// A whole request, which says that its connection ends with it.
fn read(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let (mut bytes, mut buffer) = (vec![], [0; 16 * 1024]);
    let mut end = None;
    loop {
        if end.is_none() {
            end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        }
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let whole = match head.lines().find_map(|line| line.strip_prefix("content-length:")) {
                Some(length) => bytes.len() >= end + length.trim().parse::<usize>().unwrap(),
                None if head.contains("transfer-encoding: chunked") => bytes.ends_with(b"\r\n0\r\n\r\n"),
                None => true,
            };
            if whole {
                let first = bytes.windows(2).position(|window| window == b"\r\n").unwrap() + 2;
                let rest = bytes.split_off(first);
                return Ok([bytes, b"Connection: close\r\n".to_vec(), rest].concat());
            }
        }
        match client.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
