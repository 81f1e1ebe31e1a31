//! A bucket with versions, played by the test: objects, uploads in parts, conditional writes, lists. Faults on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;

use crate::http::{Answer, Request, serve};

/// What the bucket holds.
#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<String, Object>,
    /// Older versions and removed objects, by key and version.
    pub versions: BTreeMap<(String, String), Vec<u8>>,
    pub uploads: BTreeMap<String, (String, BTreeMap<u32, Vec<u8>>)>,
    /// Every write that was answered, as `METHOD key`.
    pub writes: Vec<String>,
    counter: u32,
}

#[derive(Clone)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub etag: String,
    pub version: String,
}

type Fault = Box<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

/// The bucket `data`.
pub struct Bucket {
    pub address: String,
    pub state: Arc<Mutex<State>>,
    fault: Arc<Mutex<Option<Arc<Fault>>>>,
}

impl Bucket {
    pub fn new() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let fault = Arc::new(Mutex::new(None::<Arc<Fault>>));
        let (played, broken) = (Arc::clone(&state), Arc::clone(&fault));
        let address = serve(move |request: Request| {
            let fault = broken.lock().unwrap().clone();
            match fault.and_then(|fault| fault(&request)) {
                Some(answer) => answer,
                None => played.lock().unwrap().answer(&request),
            }
        });
        Self { address, state, fault }
    }

    /// From here on the fault answers what it wants to.
    pub fn fail(&self, fault: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) {
        *self.fault.lock().unwrap() = Some(Arc::new(Box::new(fault)));
    }

    pub fn mend(&self) {
        *self.fault.lock().unwrap() = None;
    }

    pub fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }

    pub fn bytes(&self, key: &str) -> Vec<u8> {
        self.state.lock().unwrap().objects[key].bytes.clone()
    }

    /// Writes since the last time this was asked.
    pub fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().writes)
    }
}

fn refused(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>").into_bytes();
    Answer { status, body, ..Answer::default() }
}

fn xml(body: String) -> Answer {
    Answer {
        status: 200,
        headers: vec![("content-type", "application/xml".into())],
        body: body.into_bytes(),
        cut: None,
    }
}

impl State {
    fn next(&mut self, what: &str) -> String {
        self.counter += 1;
        format!("{what}{}", self.counter)
    }

    pub fn put(&mut self, key: &str, bytes: Vec<u8>) -> Object {
        let (etag, version) = (format!("\"{}\"", self.next("e")), self.next("v"));
        let object = Object { bytes, etag, version };
        self.versions.insert((key.to_owned(), object.version.clone()), object.bytes.clone());
        self.objects.insert(key.to_owned(), object.clone());
        object
    }

    pub fn answer(&mut self, request: &Request) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let key = decode(path).trim_start_matches("/data").trim_start_matches('/').to_owned();
        let query = query.split('&').filter(|part| !part.is_empty()).map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.to_owned(), decode(value))
        });
        let query = query.collect::<BTreeMap<_, _>>();
        let upload = query.get("uploadId").cloned();
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            self.writes.push(format!("{} {key}", request.method));
        }
        match (request.method.as_str(), upload) {
            ("GET", None) if key.is_empty() => self.list(&query),
            ("GET" | "HEAD", None) => match self.objects.get(&key) {
                Some(Object { bytes, etag, version }) => {
                    let headers = vec![("etag", etag.clone()), ("x-amz-version-id", version.clone())];
                    Answer { status: 200, headers, body: bytes.clone(), cut: None }
                }
                None => refused(404, "NoSuchKey"),
            },
            ("POST", None) if query.contains_key("uploads") => {
                let id = self.next("u");
                self.uploads.insert(id.clone(), (key, BTreeMap::new()));
                xml(format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ))
            }
            ("PUT", Some(id)) => {
                let Some((_, parts)) = self.uploads.get_mut(&id) else { return refused(404, "NoSuchUpload") };
                assert!(request.header("content-encoding").is_none(), "a body of known size needs no chunks");
                let sum = request.header("x-amz-checksum-crc32").expect("a checksum").to_owned();
                let number = query["partNumber"].parse().unwrap();
                parts.insert(number, request.bytes.clone());
                let headers = vec![("etag", format!("\"p{number}\"")), ("x-amz-checksum-crc32", sum)];
                Answer { status: 200, headers, ..Answer::default() }
            }
            ("POST", Some(id)) => {
                let Some((key, parts)) = self.uploads.remove(&id) else {
                    return refused(404, "NoSuchUpload");
                };
                assert_eq!(request.body.matches("<ChecksumCRC32>").count(), parts.len(), "{}", request.body);
                let small = parts.values().rev().skip(1).any(|part| part.len() < 5 << 20);
                assert!(!small, "all parts but the last one have 5 MB at least");
                let object = self.put(&key, parts.into_values().flatten().collect());
                let Object { etag, version, .. } = object;
                let mut answer = xml(format!(
                    "<CompleteMultipartUploadResult><ETag>{etag}</ETag></CompleteMultipartUploadResult>"
                ));
                answer.headers.push(("x-amz-version-id", version));
                answer
            }
            ("DELETE", Some(id)) => match self.uploads.remove(&id) {
                Some(_) => Answer { status: 204, ..Answer::default() },
                None => refused(404, "NoSuchUpload"),
            },
            ("PUT", None) => {
                let there = self.objects.get(&key).map(|object| object.etag.clone());
                let asked = (request.header("if-match"), request.header("if-none-match"));
                let fits = match asked {
                    (Some(etag), _) => there.as_deref() == Some(etag),
                    (None, Some(_)) => there.is_none(),
                    (None, None) => true,
                };
                if !fits {
                    return refused(412, "PreconditionFailed");
                }
                let object = self.put(&key, request.bytes.clone());
                Answer { status: 200, headers: vec![("etag", object.etag)], ..Answer::default() }
            }
            ("DELETE", None) => {
                self.objects.remove(&key);
                Answer { status: 204, ..Answer::default() }
            }
            (method, _) => panic!("{method} {}", request.path),
        }
    }

    /// Two a page, so that pages are turned.
    fn list(&self, query: &BTreeMap<String, String>) -> Answer {
        let prefix = &query["prefix"];
        if query.contains_key("uploads") {
            let uploads = self.uploads.iter().filter(|(_, (key, _))| key.starts_with(prefix));
            let uploads = uploads
                .map(|(id, (key, _))| format!("<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>"));
            return xml(format!(
                "<ListMultipartUploadsResult>{}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>",
                uploads.collect::<String>()
            ));
        }
        let after = query.get("continuation-token").cloned().unwrap_or_default();
        let mut found = self.objects.iter().filter(|(key, _)| key.starts_with(prefix) && **key > after);
        let page = found.by_ref().take(2).collect::<Vec<_>>();
        let more = found.next().and_then(|_| page.last());
        let more = more.map_or(String::new(), |(key, _)| {
            format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{key}</NextContinuationToken>")
        });
        let page = page.iter().map(|(key, object)| {
            format!("<Contents><Key>{key}</Key><Size>{}</Size></Contents>", object.bytes.len())
        });
        xml(format!("<ListBucketResult>{}{more}</ListBucketResult>", page.collect::<String>()))
    }
}
