use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::resolve::attribute;
use super::session::Session;
use crate::address::Address;
use crate::cloud::{Gone, aws};
use std::time::Duration;

/// Prints what a function has logged
///
/// Lines of JSON are made readable: what happened, to which file, rows, seconds, MB/s.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// Such as lambda_function.loader.
    address: Address,

    /// How far back: 15m, 2h, 3d.
    #[arg(long, default_value = "1h", value_parser = span, value_name = "SPAN")]
    since: Duration,

    /// Goes on printing as lines come.
    #[arg(short = 'F', long)]
    follow: bool,

    /// Prints each line as it was logged, for a program to read.
    #[arg(long)]
    json: bool,
}

const GONE: &[&str] = &["ResourceNotFoundException"];

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let document = session.applied("`stackctl apply` creates the function.").await?;
    let group = match args.address.kind.as_str() {
        "log_group" => attribute(&document, &args.address, "name")?,
        "lambda_function" => attribute(&document, &args.address, "log_group").or_else(|_| {
            Ok::<_, Failure>(format!("/aws/lambda/{}", attribute(&document, &args.address, "name")?))
        })?,
        other => {
            return Err(Failure::user(
                format!("a {other} has no logs"),
                "Name a lambda_function or a log_group.",
            ));
        }
    };
    let cloud = session.connect().await?;
    let now = jiff::Timestamp::now().as_millisecond();
    let mut from = now - i64::try_from(args.since.as_millis()).unwrap_or(i64::MAX / 2);
    // Events of the same millisecond may come in two answers.
    let mut seen = std::collections::HashSet::new();
    loop {
        let mut token = None;
        loop {
            let call = cloud
                .logs()
                .filter_log_events()
                .log_group_name(&group)
                .start_time(from)
                .set_next_token(token);
            let answer = call
                .send()
                .await
                .map_err(aws("logs:FilterLogEvents"))
                .gone(GONE)
                .map_err(Failure::while_doing(format!("failed to read the logs of {}", args.address)))?;
            let Some(answer) = answer else {
                report::note(&format!("{group} does not exist yet: nothing has been logged."));
                return Ok(Exit::Done);
            };
            for event in answer.events.unwrap_or_default() {
                let at = event.timestamp.unwrap_or(from);
                let message = event.message.unwrap_or_default();
                if seen.insert((at, event.event_id.unwrap_or_default(), message.clone())) {
                    if args.json {
                        report::logged_json(message.trim_end());
                    } else {
                        report::logged(at, message.trim_end());
                    }
                    from = from.max(at);
                }
            }
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        if !args.follow {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let error = || format!("`{text}` is no span: write 15m, 2h or 3d");
    let unit = text.chars().last().ok_or_else(error)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(error()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| error())?;
    Ok(Duration::from_secs(count * factor))
}

#[cfg(test)]
mod tests {
    use super::span;
    use std::time::Duration;

    #[test]
    fn spans_have_a_unit() {
        assert_eq!(span("15m"), Ok(Duration::from_secs(900)));
        assert!(span("15").is_err() && span("").is_err() && span("h").is_err());
    }
}
