use super::machine::{self, Machine};
use crate::cloud::Call;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long after a write, reads of the same service may not show it. Short, as everything on this machine is.
const STALE: Duration = Duration::from_millis(400);
/// How long an answer can be repeated.
const MEMORY: Duration = Duration::from_secs(2);

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What the faults must know of the past.
#[derive(Debug, Default)]
pub(super) struct World {
    counts: HashMap<Call, u64>,
    /// By service: when something was last written, and whether that was a creation.
    writes: HashMap<String, (Instant, bool)>,
    /// By request: the last answer.
    answers: HashMap<String, (Instant, Answer)>,
    machines: Vec<Working>,
    /// Of a database that is being deleted: its description, and how many more reads show it.
    leaving: Option<(String, u32)>,
}

#[derive(Debug)]
struct Working {
    machine: &'static Machine,
    /// More reads that show it at work.
    left: u32,
    breaks: bool,
}

impl World {
    /// Which request of its operation this one is, from 1.
    pub(super) fn count(&mut self, call: &Call) -> u64 {
        let count = self.counts.entry(call.clone()).or_default();
        *count += 1;
        *count
    }

    pub(super) fn wrote(&mut self, call: &Call) {
        let creation = call.operation.starts_with("Create");
        self.writes.insert(call.service.clone(), (Instant::now(), creation));
    }

    fn fresh_write(&self, call: &Call) -> Option<bool> {
        let (at, creation) = self.writes.get(&call.service)?;
        (at.elapsed() < STALE).then_some(*creation)
    }

    /// Whether something was created so shortly before that this read may not see it.
    pub(super) fn just_created(&self, call: &Call) -> bool {
        self.fresh_write(call) == Some(true)
    }

    /// What this read answered before the last write, if that is not long ago.
    pub(super) fn older(&self, call: &Call, request: &str) -> Option<Answer> {
        self.fresh_write(call)?;
        let (at, answer) = self.answers.get(request)?;
        (at.elapsed() < MEMORY).then(|| answer.clone())
    }

    pub(super) fn remember(&mut self, request: String, answer: Answer) {
        self.answers.insert(request, (Instant::now(), answer));
    }

    /// A write went well and takes `reads` reads to take effect, after which it is broken or not.
    pub(super) fn begin(&mut self, call: &Call, answer: &Answer, reads: u32, breaks: bool) {
        if let Some(machine) = machine::begun_by(call) {
            self.machines.push(Working { machine, left: reads, breaks });
        }
        if call.service == "rds"
            && call.operation == "DeleteDBInstance"
            && let Some(instance) = answer.text().and_then(|text| element(text, "DBInstance"))
        {
            let instance = instance.replace(">available<", ">deleting<");
            self.leaving = Some((instance, reads));
        }
    }

    /// What the machines that are at work make of an answer.
    pub(super) fn shown(&mut self, call: &Call, answer: Answer) -> Answer {
        if let Some(deleting) = self.deleting(call, &answer) {
            return deleting;
        }
        let Some(at) = self.machines.iter().position(|working| working.machine.is_read_by(call)) else {
            return answer;
        };
        let working = &mut self.machines[at];
        let shown = answer.text().and_then(|text| match working.left {
            0 if working.breaks => working.machine.broken(text),
            0 => None,
            _ => working.machine.at_work(text),
        });
        // An answer without it tells nothing.
        if shown.is_some() && working.left > 0 {
            working.left -= 1;
        } else if working.left == 0 {
            self.machines.remove(at);
        }
        shown.map_or(answer.clone(), |text| answer.saying(text))
    }

    fn deleting(&mut self, call: &Call, answer: &Answer) -> Option<Answer> {
        let (instance, left) = self.leaving.as_mut()?;
        if call.operation != "DescribeDBInstances" || answer.text()?.contains("<DBInstanceIdentifier>") {
            return None;
        }
        if *left == 0 {
            self.leaving = None;
            return None;
        }
        *left -= 1;
        let text = format!(
            "<DescribeDBInstancesResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">\
             <DescribeDBInstancesResult><DBInstances><DBInstance>{instance}</DBInstance></DBInstances>\
             </DescribeDBInstancesResult></DescribeDBInstancesResponse>"
        );
        let status = StatusCode::try_from(200).unwrap_or(answer.status);
        Some(Answer { status, ..answer.clone() }.saying(text))
    }
}

impl Answer {
    pub(super) fn new(response: &HttpResponse, body: Vec<u8>) -> Self {
        let headers = response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { status: response.status(), headers: headers.collect(), body }
    }

    pub(super) fn is_good(&self) -> bool {
        self.status.is_success()
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }

    fn saying(mut self, text: String) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        self.headers.push(("content-length".to_owned(), text.len().to_string()));
        // A checksum would be that of the other text.
        self.headers.retain(|(name, _)| !name.starts_with("x-amz-crc32"));
        self.body = text.into_bytes();
        self
    }

    pub(super) fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status, SdkBody::from(self.body));
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let start = text.find(&open)? + open.len();
    let end = text[start..].find(&close)? + start;
    Some(&text[start..end])
}
