//! What is inside a file: plain text, or text that is compressed. Told by the first bytes, since names lie.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_compression::tokio::bufread::{BzDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use async_zip::base::read::WithEntry;
use async_zip::base::read::stream::{Reading, Ready, ZipFileReader};
use bytes::Bytes;
use futures::io::AsyncReadExt as _;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, ReadBuf};
use tokio_util::compat::Compat;
use tokio_util::io::StreamReader;

use crate::error::{ContentError, Error, chain};
use crate::source::Reader;

/// Bytes that are unpacked at once.
const CHUNK: usize = 64 * 1024;

/// The largest window of zstd that is accepted, as a power of two: it has to fit into memory. `zstd -19` uses 23.
const ZSTD_WINDOW: u32 = 25;

/// Bytes by which formats are told apart.
const MAGIC: usize = 4;

/// How a file is packed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Not at all.
    Plain,
    /// `.gz`, one or many members.
    Gzip,
    /// `.zst`
    Zstd,
    /// `.bz2`
    Bzip2,
    /// `.zip`; its members are read one after another.
    Zip,
}

impl Format {
    fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            _ => Self::Plain,
        }
    }

    /// As it stands in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Zip => "zip",
        }
    }
}

/// What went through on the way from the store, before it was unpacked.
#[derive(Default)]
struct Meter {
    hash: Sha256,
    bytes: u64,
    /// Decoders turn every error into one of their own, so the real one waits here.
    broken: Option<Error>,
}

type Raw<'a> = Pin<Box<dyn AsyncBufRead + Send + 'a>>;

/// The bytes from the store, lent to a decoder that may drop them before their end.
#[derive(Clone)]
struct Lent<'a>(Arc<Mutex<Pin<Box<dyn AsyncRead + Send + 'a>>>>);

impl AsyncRead for Lent<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().poll_read(context, buffer)
    }
}

type Member<'a> = ZipFileReader<Reading<'a, Compat<Raw<'a>>, WithEntry<'a>>>;

enum Inside<'a> {
    Plain(Raw<'a>),
    Stream(Pin<Box<dyn AsyncRead + Send + 'a>>),
    /// Between two members.
    Archive(ZipFileReader<Ready<Compat<Raw<'a>>>>),
    /// Within one; whether its last byte was a line break.
    Member(Box<Member<'a>>, bool),
    End,
}

/// The text of a file, and what it was made of.
pub struct Unpacked<'a> {
    format: Format,
    inside: Inside<'a>,
    store: Lent<'a>,
    meter: Arc<Mutex<Meter>>,
}

impl<'a> Unpacked<'a> {
    /// Looks at the first bytes and begins to unpack.
    pub async fn open(reader: Reader<'a>) -> Result<Self, Error> {
        let meter = Arc::new(Mutex::new(Meter::default()));
        let store = Lent(Arc::new(Mutex::new(raw(reader, Arc::clone(&meter)))));
        let mut this = Self { format: Format::Plain, inside: Inside::End, store, meter };
        let beginning = this.beginning().await?;
        this.format = Format::of(&beginning);
        // The bytes that were looked at go before the rest again.
        let all = std::io::Cursor::new(beginning).chain(this.store.clone());
        let raw: Raw<'a> = Box::pin(BufReader::with_capacity(CHUNK, all));
        this.inside = match this.format {
            Format::Plain => Inside::Plain(raw),
            Format::Gzip => {
                let mut decoder = GzipDecoder::new(raw);
                decoder.multiple_members(true);
                Inside::Stream(Box::pin(decoder))
            }
            Format::Zstd => {
                let mut decoder = ZstdDecoder::with_params(raw, &[DParameter::window_log_max(ZSTD_WINDOW)]);
                decoder.multiple_members(true);
                Inside::Stream(Box::pin(decoder))
            }
            Format::Bzip2 => {
                let mut decoder = BzDecoder::new(raw);
                decoder.multiple_members(true);
                Inside::Stream(Box::pin(decoder))
            }
            Format::Zip => Inside::Archive(ZipFileReader::with_tokio(raw)),
        };
        Ok(this)
    }

    async fn beginning(&mut self) -> Result<Vec<u8>, Error> {
        let mut beginning = Vec::with_capacity(MAGIC);
        let mut store = self.store.clone().take(MAGIC as u64);
        store.read_to_end(&mut beginning).await.map_err(|error| self.explain("", &error))?;
        Ok(beginning)
    }

    /// How the file is packed.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Bytes that were read from the store.
    pub fn bytes(&self) -> u64 {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// SHA-256 of what was read from the store.
    pub fn sha256(&self) -> String {
        hex::encode(self.meter.lock().unwrap_or_else(PoisonError::into_inner).hash.clone().finalize())
    }

    /// The next piece of text, or nothing at the end. `file` is for errors.
    pub async fn next(&mut self, file: &str) -> Result<Option<Bytes>, Error> {
        loop {
            let outcome = match &mut self.inside {
                Inside::End => return Ok(None),
                Inside::Plain(raw) => match raw.fill_buf().await {
                    Ok([]) => Ok(None),
                    Ok(piece) => {
                        let piece = Bytes::copy_from_slice(piece);
                        raw.consume(piece.len());
                        Ok(Some(piece))
                    }
                    Err(error) => Err(error),
                },
                Inside::Stream(stream) => {
                    let mut buffer = bytes::BytesMut::with_capacity(CHUNK);
                    stream.read_buf(&mut buffer).await.map(|read| (read > 0).then(|| buffer.freeze()))
                }
                Inside::Archive(_) | Inside::Member(..) => self.step().await,
            };
            match outcome {
                Ok(Some(piece)) if piece.is_empty() => {}
                Ok(Some(piece)) => return Ok(Some(piece)),
                Ok(None) => {
                    self.inside = Inside::End;
                    self.drain().await.map_err(|error| self.explain(file, &error))?;
                }
                Err(error) => return Err(self.explain(file, &error)),
            }
        }
    }

    /// One step through an archive; an empty piece where nothing came of it.
    async fn step(&mut self) -> std::io::Result<Option<Bytes>> {
        let other = |error: async_zip::error::ZipError| std::io::Error::other(error);
        match std::mem::replace(&mut self.inside, Inside::End) {
            Inside::Archive(archive) => match archive.next_with_entry().await.map_err(other)? {
                None => Ok(None),
                Some(member) => {
                    let name = member.reader().entry().filename().as_str().unwrap_or_default().to_owned();
                    self.inside = if is_data(&name) {
                        Inside::Member(Box::new(member), true)
                    } else {
                        Inside::Archive(member.skip().await.map_err(other)?)
                    };
                    Ok(Some(Bytes::new()))
                }
            },
            Inside::Member(mut member, ended) => {
                let mut buffer = vec![0; CHUNK];
                let read = member.reader_mut().read(&mut buffer).await?;
                if read > 0 {
                    buffer.truncate(read);
                    self.inside = Inside::Member(member, buffer.last() == Some(&b'\n'));
                    return Ok(Some(buffer.into()));
                }
                self.inside = Inside::Archive(member.done().await.map_err(other)?);
                // The next member begins on a line of its own.
                Ok(Some(if ended { Bytes::new() } else { Bytes::from_static(b"\n") }))
            }
            inside => {
                self.inside = inside;
                Ok(None)
            }
        }
    }

    /// Reads what is left in the store behind the text, so that size and hash are those of the whole file.
    async fn drain(&mut self) -> std::io::Result<()> {
        tokio::io::copy(&mut self.store, &mut tokio::io::sink()).await.map(|_| ())
    }

    fn explain(&self, file: &str, error: &std::io::Error) -> Error {
        let broken = self.meter.lock().unwrap_or_else(PoisonError::into_inner).broken.take();
        broken.unwrap_or_else(|| Error::Content {
            file: file.to_owned(),
            source: ContentError::Packed { format: self.format.name(), reason: chain(error) },
        })
    }
}

/// SHA-256 of a file as it lies in the store.
pub async fn sha256(mut reader: Reader<'_>) -> Result<String, Error> {
    let mut hash = Sha256::new();
    while let Some(bytes) = reader.next().await? {
        hash.update(&bytes);
    }
    Ok(hex::encode(hash.finalize()))
}

/// Folders, and what macOS and others put beside the files, are no data.
fn is_data(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    !last.is_empty() && !last.starts_with('.') && !name.starts_with("__MACOSX/")
}

fn raw<'a>(reader: Reader<'a>, meter: Arc<Mutex<Meter>>) -> Pin<Box<dyn AsyncRead + Send + 'a>> {
    let stream = futures::stream::unfold((reader, meter), |(mut reader, meter)| async {
        let outcome = reader.next().await;
        let item = {
            let mut meter = meter.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok(None) => return None,
                Ok(Some(bytes)) => {
                    meter.hash.update(&bytes);
                    meter.bytes += bytes.len() as u64;
                    Ok(bytes)
                }
                Err(error) => {
                    let shown = std::io::Error::other(error.to_string());
                    meter.broken = Some(error);
                    Err(shown)
                }
            }
        };
        Some((item, (reader, meter)))
    });
    Box::pin(StreamReader::new(Box::pin(stream)))
}
