use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than the gateway itself waits: see `QUIET_SECONDS` in `gateway.py`.
const PATIENCE: Duration = Duration::from_secs(40);
/// After so long it is worth a word.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// Waits until the gateway at `endpoint` has ended its work on everything that it was asked for before: of a run that was
/// killed, too. What is not there then was never asked for, or not by way of this gateway.
pub async fn quiet(endpoint: &str, tell: impl Fn(&str)) {
    let mut asked = std::pin::pin!(timeout(PATIENCE, ask(endpoint)));
    let answer = match timeout(TELL_AFTER, &mut asked).await {
        Ok(answer) => answer,
        Err(_) => {
            tell(
                "The local cloud is still at work on what an interrupted run asked for; waiting for it, for half a minute at most.",
            );
            asked.await
        }
    };
    if !matches!(answer, Ok(Ok(true))) {
        tell(
            "What the local cloud is at work on could not be waited for: if something turns up twice, `stackctl state recover` finds it.",
        );
    }
}

/// Whether it fell quiet.
async fn ask(endpoint: &str) -> std::io::Result<bool> {
    let host = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET /_stackctl/quiet HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.1 200") && answer.contains("left=0;"))
}
