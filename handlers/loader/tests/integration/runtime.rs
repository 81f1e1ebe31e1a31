//! The API of the Lambda runtime, played: events go in, answers come out.

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::http::{Answer, Request, serve};

/// A function, with what it answered to each event.
pub struct Function {
    process: Child,
    answers: mpsc::Receiver<(String, Value)>,
}

impl Function {
    /// Starts a program that gets these events, one after another, with so much time for each, and S3 at this address.
    pub fn start(program: &mut Command, s3: &str, events: Vec<Value>, time: Duration) -> Self {
        let (sender, answers) = mpsc::channel();
        let state = Mutex::new((events.into_iter().enumerate(), sender));
        let api = serve(move |request: Request| {
            let mut state = state.lock().unwrap();
            if request.method == "POST" {
                let (_, kind) = request.path.rsplit_once('/').unwrap();
                state.1.send((kind.to_owned(), serde_json::from_str(&request.body).unwrap())).unwrap();
                return Answer { status: 202, ..Answer::default() };
            }
            match state.0.next() {
                Some((number, event)) => Answer {
                    status: 200,
                    headers: vec![
                        ("lambda-runtime-aws-request-id", format!("request-{number}")),
                        ("lambda-runtime-deadline-ms", after(time)),
                        ("lambda-runtime-trace-id", format!("Root=1-request-{number}")),
                        (
                            "lambda-runtime-invoked-function-arn",
                            "arn:aws:lambda:eu-central-1:1:function:it".into(),
                        ),
                    ],
                    body: event.to_string().into_bytes(),
                    cut: None,
                },
                None => loop {
                    std::thread::park();
                },
            }
        });
        let process = program
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .env("AWS_LAMBDA_FUNCTION_NAME", "it")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_ENDPOINT_URL", format!("http://{s3}"))
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { process, answers }
    }

    /// The next answer: `response` or `error`, and what it says.
    pub fn answer(&self) -> (String, Value) {
        self.answers.recv_timeout(Duration::from_secs(300)).unwrap()
    }

    /// Ends it, and returns what it wrote to stdout and stderr.
    pub fn stop(mut self) -> (String, String) {
        self.process.kill().unwrap();
        let output = self.process.wait_with_output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

fn after(time: Duration) -> String {
    (SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time).as_millis().to_string()
}
