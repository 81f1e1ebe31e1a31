//! A `COPY` that is being filled.

use std::pin::Pin;

use bytes::Bytes;
use futures::SinkExt;
use tokio_postgres::{CopyInSink, Transaction};

use crate::error::{Doing, Error};

/// Begins the binary format: signature, no flags, no extension.
const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Ends it.
const BINARY_TRAILER: &[u8] = &[0xff, 0xff];

/// One of the two streams of a load.
pub struct Sink {
    copy: Pin<Box<CopyInSink<Bytes>>>,
    binary: bool,
}

impl Sink {
    /// Begins a `COPY` in text format.
    pub async fn text(transaction: &Transaction<'_>, copy: &str) -> Result<Self, Error> {
        Ok(Self { copy: Box::pin(transaction.copy_in(copy).await.doing("copy the rows")?), binary: false })
    }

    /// Begins a `COPY` in binary format.
    pub async fn binary(transaction: &Transaction<'_>, copy: &str) -> Result<Self, Error> {
        let mut sink = Self {
            copy: Box::pin(transaction.copy_in(copy).await.doing("copy the typed rows")?),
            binary: true,
        };
        sink.copy.send(Bytes::from_static(BINARY_HEADER)).await.doing("copy the typed rows")?;
        Ok(sink)
    }

    /// Sends what waits, and leaves room for as much again.
    pub async fn send(&mut self, waiting: &mut Vec<u8>) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        let room = Vec::with_capacity(waiting.capacity());
        let bytes = Bytes::from(std::mem::replace(waiting, room));
        self.copy.send(bytes).await.doing("copy the rows")
    }

    /// Ends the `COPY` and returns how many rows there are.
    pub async fn finish(mut self) -> Result<u64, Error> {
        if self.binary {
            self.copy.send(Bytes::from_static(BINARY_TRAILER)).await.doing("copy the typed rows")?;
        }
        self.copy.as_mut().finish().await.doing("copy the rows")
    }
}
