//! A `COPY` that is being filled.

use bytes::Bytes;
use futures::SinkExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::{CopyInSink, Transaction};

use crate::error::{Doing, Error};

/// Pieces that may wait for the server. Two streams are filled from one file: while one backend is busy the other must not
/// run dry. With pieces of 128 KB it is 1 MB a stream.
const WAITING: usize = 4;

/// Begins the binary format: signature, no flags, no extension.
const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Ends it.
const BINARY_TRAILER: &[u8] = &[0xff, 0xff];

/// One of the two streams of a load.
pub struct Sink {
    /// None ends the `COPY`; a channel that closes without it breaks it off.
    pieces: mpsc::Sender<Option<Bytes>>,
    copy: JoinHandle<Result<u64, Error>>,
    binary: bool,
}

impl Sink {
    /// Begins a `COPY` in text format.
    pub async fn text(transaction: &Transaction<'_>, copy: &str) -> Result<Self, Error> {
        Ok(Self::new(transaction.copy_in(copy).await.doing("copy the rows")?, false))
    }

    /// Begins a `COPY` in binary format.
    pub async fn binary(transaction: &Transaction<'_>, copy: &str) -> Result<Self, Error> {
        let mut sink = Self::new(transaction.copy_in(copy).await.doing("copy the typed rows")?, true);
        sink.pass(Some(Bytes::from_static(BINARY_HEADER))).await?;
        Ok(sink)
    }

    fn new(copy: CopyInSink<Bytes>, binary: bool) -> Self {
        let (pieces, waiting) = mpsc::channel(WAITING);
        Self { pieces, copy: tokio::spawn(fill(copy, waiting)), binary }
    }

    /// Sends what waits, and leaves room for as much again.
    pub async fn send(&mut self, waiting: &mut Vec<u8>) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        let room = Vec::with_capacity(waiting.capacity());
        self.pass(Some(Bytes::from(std::mem::replace(waiting, room)))).await
    }

    /// Ends the `COPY` and returns how many rows there are.
    pub async fn finish(mut self) -> Result<u64, Error> {
        if self.binary {
            self.pass(Some(Bytes::from_static(BINARY_TRAILER))).await?;
        }
        self.pass(None).await?;
        self.outcome().await
    }

    async fn pass(&mut self, piece: Option<Bytes>) -> Result<(), Error> {
        match self.pieces.send(piece).await {
            Ok(()) => Ok(()),
            // The other end is gone, and says why.
            Err(_) => self.outcome().await.map(|_| ()),
        }
    }

    async fn outcome(&mut self) -> Result<u64, Error> {
        (&mut self.copy).await.unwrap_or_else(|error| Err(Error::Write(std::io::Error::other(error))))
    }
}

async fn fill(copy: CopyInSink<Bytes>, mut pieces: mpsc::Receiver<Option<Bytes>>) -> Result<u64, Error> {
    let mut copy = std::pin::pin!(copy);
    while let Some(piece) = pieces.recv().await {
        match piece {
            Some(piece) => copy.send(piece).await.doing("copy the rows")?,
            None => return copy.as_mut().finish().await.doing("copy the rows"),
        }
    }
    Ok(0)
}
