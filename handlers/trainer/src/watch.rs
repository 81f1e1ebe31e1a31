//! Hears how a run is getting on, and calls it off when its time is over.

use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use crate::error::Error;
use crate::log;

/// One run's.
#[derive(Clone, Debug)]
pub struct Watch {
    began: Instant,
    deadline: Option<SystemTime>,
    request_id: Option<String>,
}

impl Watch {
    /// Of a command: notes are for people, and there is no end.
    pub fn of_command() -> Self {
        Self { began: Instant::now(), deadline: None, request_id: None }
    }

    /// Of a function's invocation: notes are lines of JSON.
    pub fn of_request(request_id: &str, deadline: Option<SystemTime>) -> Self {
        Self { began: Instant::now(), deadline, request_id: Some(request_id.to_owned()) }
    }

    /// AWS request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Seconds so far.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Says what begins.
    pub fn note(&self, what: &str) {
        match &self.request_id {
            None => log::note(&format!("{:6.1} s  {what}", self.seconds())),
            Some(request_id) => {
                let seconds = (self.seconds() * 1000.0).round() / 1000.0;
                log::print(
                    &json!({ "stage": "note", "message": what, "seconds": seconds, "request_id": request_id })
                        .to_string(),
                );
            }
        }
    }

    /// Time that is left, where there is an end.
    pub fn left(&self) -> Option<Duration> {
        let left = |deadline: SystemTime| deadline.duration_since(SystemTime::now()).unwrap_or_default();
        self.deadline.map(left)
    }

    /// Fails when the time is over.
    pub fn go_on(&self) -> Result<(), Error> {
        if self.left() == Some(Duration::ZERO) {
            Err(Error::Deadline { seconds: self.seconds() })
        } else {
            Ok(())
        }
    }
}
