//! `--log`: what stackctl does, line by line, for whoever looks for the cause of something.

use super::failure::{Failure, Outcome};
use super::report;
use clap::ValueEnum;
use std::path::PathBuf;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, filter, fmt};

/// How much is logged, and where to.
#[derive(Debug, Clone, clap::Args)]
pub struct LogArgs {
    /// Logs what is done: AWS calls and their outcomes, journal entries, writes of the state. Never what was sent or
    /// answered.
    #[arg(long, value_name = "LEVEL", env = "STACKCTL_LOG", global = true)]
    log: Option<Level>,

    /// Logs into this file instead of to stderr; it is appended to.
    #[arg(long, value_name = "FILE", env = "STACKCTL_LOG_FILE", global = true)]
    log_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Off => Self::OFF,
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// Logs from now on, if that was asked for. A file without a level gets everything up to `debug`.
pub fn begin(args: &LogArgs) -> Outcome<()> {
    let level = args.log.or(args.log_file.as_ref().map(|_| Level::Debug)).unwrap_or(Level::Off);
    if level == Level::Off {
        return Ok(());
    }
    let writer = report::log_writer(args.log_file.as_deref())
        .map_err(Failure::io("failed to open the file of --log-file"))?;
    // Fails only where there is a log already.
    let _ = tracing::subscriber::set_global_default(subscriber(level, writer));
    Ok(())
}

fn subscriber<W>(level: Level, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let limit = LevelFilter::from(level);
    let wanted = move |metadata: &Metadata<'_>| is_ours(metadata) && *metadata.level() <= limit;
    let lines = fmt::layer().with_ansi(false).with_target(false).with_writer(writer);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter::filter_fn(wanted).with_max_level_hint(limit)))
}

/// The SDK and hyper log requests with their headers and bodies: secrets are among them, so that nothing of theirs is
/// let through at any level.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target == "stackctl" || target.starts_with("stackctl::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Cloud;
    use aws_smithy_http_client::test_util::infallible_client_fn;
    use aws_smithy_runtime_api::client::http::SharedHttpClient;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    const CANARY: &str = "hunter2-the-canary";

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// A secret goes to AWS, another call gets one back, and a third is refused in words that have it.
    async fn calls() {
        let server = infallible_client_fn(|request: http::Request<_>| {
            let target = request.headers().get("x-amz-target").unwrap().to_str().unwrap().to_owned();
            let (status, body) = match target.as_str() {
                "secretsmanager.GetSecretValue" => (200, format!(r#"{{"SecretString":"{CANARY}"}}"#)),
                "secretsmanager.PutSecretValue" => {
                    (400, format!(r#"{{"__type":"ValidationException","message":"no {CANARY}"}}"#))
                }
                _ => (200, "{}".to_owned()),
            };
            http::Response::builder().status(status).body(body).unwrap()
        });
        let cloud = Cloud::emulator("http://127.0.0.1:1", "eu-west-1", SharedHttpClient::new(server));
        let secrets = cloud.secrets();
        secrets.create_secret().name("s").secret_string(CANARY).send().await.unwrap();
        secrets.get_secret_value().secret_id("s").send().await.unwrap();
        secrets.put_secret_value().secret_id("s").secret_string(CANARY).send().await.unwrap_err();
    }

    /// One test, since two subscribers at the same time would share what they have cached of each other.
    #[tokio::test]
    async fn a_log_has_the_calls_and_no_secret() {
        // In a process of its own: who else passes the same places, without a log, is remembered for all threads.
        if std::env::var_os("STACKCTL_TEST_ALONE").is_none() {
            let test = "cli::log::tests::a_log_has_the_calls_and_no_secret";
            let me = std::env::current_exe().unwrap();
            let mut alone = std::process::Command::new(me);
            let output = alone.args([test, "--exact"]).env("STACKCTL_TEST_ALONE", "1").output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let guard = tracing::subscriber::set_default(subscriber(Level::Trace, move || writer.clone()));
        calls().await;
        drop(guard);
        let text = buffer.text();
        for said in ["secretsmanager:CreateSecret", "status=200", "ValidationException", "attempt=1"] {
            assert!(text.contains(said), "no {said} in\n{text}");
        }
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains("Authorization"), "{text}");

        // Without the filter the SDK tells: this can fail.
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let lines = fmt::layer().with_ansi(false).with_writer(move || writer.clone());
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        calls().await;
        drop(guard);
        assert!(buffer.text().contains(CANARY));
    }
}
