use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::{
    databases::Wanted,
    error::{Error, Result},
    record::Role,
};

/// One line of JSON to the supervisor. Each connection carries one request and its answer.
#[derive(Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub(super) enum Request {
    Status,
    Prepare(Wanted),
    Password { identifier: String, password: String },
    Secret { identifier: String, arn: Option<String> },
    Roles { identifier: String, roles: Vec<Role> },
    Reboot { identifier: String },
    Drop { identifier: String },
    Shutdown,
}

/// One line of JSON from it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer<T> {
    Done(T),
    Failed(String),
}

/// Why nobody answered.
#[derive(Debug)]
pub(super) struct Silence(pub(super) String);

/// Asks the supervisor whose socket this is. The outer error: there is no answer.
pub(super) async fn ask<T: DeserializeOwned>(
    socket: &Path,
    request: &Request,
    patience: Duration,
) -> Result<Result<T>, Silence> {
    let exchange = async {
        let mut stream = UnixStream::connect(socket).await?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = match timeout(patience, exchange).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(Silence(error.to_string())),
        Err(_) => return Err(Silence(format!("no answer within {} s", patience.as_secs()))),
    };
    match serde_json::from_str(&answer) {
        Ok(Answer::Done(value)) => Ok(Ok(value)),
        Ok(Answer::Failed(message)) => Ok(Err(Error::Remote { message })),
        Err(error) => Err(Silence(format!("its answer makes no sense: {error}"))),
    }
}
