//! The file on its way: read, unpacked, parsed and typed once, written by two streams side by side.

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use tokio_postgres::Transaction;

use crate::drift::{self, Drift};
use crate::error::{ContentError, Doing, Error};
use crate::header::Header;
use crate::load::{Loader, Progress};
use crate::log::Log;
use crate::manifest::{Entry, Finish};
use crate::packed::{Format, Unpacked};
use crate::pull::Pulled;
use crate::rejects::Rejects;
use crate::rows::Rows;
use crate::sink::Sink;
use crate::source::{Object, Source};
use crate::table;
use crate::totals::Total;
use crate::typed::encoder::as_of;
use crate::versions::{self, Typed};

/// Bytes that are parsed before the database gets its turn.
const SLICE: usize = 64 * 1024;

/// Bytes of `COPY` data that are sent at once. The next are sent when the database has taken these.
const SEND: usize = 512 * 1024;

/// A file that lies complete in two tables of its own, which are not part of anything yet.
pub struct Staged {
    /// Its header.
    pub header: Header,
    /// What the manifest will say.
    pub finish: Finish,
    /// What was found among the typed rows.
    pub typed: Typed,
    /// Whether any loan has a number.
    pub numbered: bool,
    /// How its columns differ.
    pub drift: Vec<Drift>,
    /// The totals that it states.
    pub totals: Vec<Total>,
    /// The table of the rows as delivered.
    pub table: String,
    /// Numbers of pulled rows that are none of the file's.
    pub stray: Vec<i64>,
}

/// A load that can be written to.
pub struct Transfer<'a> {
    /// What the load needs.
    pub loader: &'a Loader,
    /// The file.
    pub source: &'a Source,
    /// What the store says about it.
    pub object: &'a Object,
    /// What the manifest says about it.
    pub entry: &'a Entry,
    /// For the rows as delivered.
    pub text: &'a Transaction<'a>,
    /// For the typed rows.
    pub typed: &'a Transaction<'a>,
}

struct Sinks {
    text: Option<Sink>,
    typed: Sink,
    kept: bool,
}

impl Transfer<'_> {
    /// Reads the file to its end and fills the two tables.
    pub async fn stage(&self, log: &mut Log<'_>, progress: &mut Progress) -> Result<Staged, Error> {
        let file = self.source.to_string();
        let mut unpacked = Unpacked::open(self.source.open(&self.loader.aws, self.object).await?).await?;
        let mut staging = Staging::new(self, Rows::new(&self.loader.settings)).await?;
        while let Some(piece) = unpacked.next(&file).await? {
            staging.feed(&piece, progress).await?;
            progress.bytes = unpacked.bytes();
            log.progress(progress.counts.accepted, progress.bytes, self.object.size);
        }
        progress.bytes = unpacked.bytes();
        let finish = Finish {
            sha256: unpacked.sha256(),
            bytes: progress.bytes,
            format: unpacked.format().name().to_owned(),
            ..Finish::default()
        };
        let staged = staging.finish(finish, progress, table::working_name(self.entry)).await?;
        log.figures("staged", progress.counts.accepted, progress.bytes, None);
        Ok(staged)
    }

    /// The same with rows that are in the database already: they are read back and typed.
    pub async fn stage_pulled(
        &self,
        pulled: &Pulled,
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Staged, Error> {
        let doing = "read the pulled rows back";
        let mut staging = Staging::new(self, Rows::delivered(&self.loader.settings)).await?;
        staging.found(&pulled.header)?;
        let mut hash = Sha256::new();
        let mut out = std::pin::pin!(self.text.copy_out(&pulled.copy_out()).await.doing(doing)?);
        while let Some(piece) = out.try_next().await.doing(doing)? {
            hash.update(&piece);
            staging.feed(&piece, progress).await?;
            progress.bytes = self.object.size.min(progress.bytes + piece.len() as u64);
            log.progress(progress.counts.accepted, progress.bytes, self.object.size);
        }
        progress.bytes = self.object.size;
        let finish = Finish {
            // Not of the object's bytes, which the loader has not seen: equal only to the same rows, pulled.
            sha256: format!("rows:{}", hex::encode(hash.finalize())),
            bytes: progress.bytes,
            format: Format::Plain.name().to_owned(),
            ..Finish::default()
        };
        let mut staged = staging.finish(finish, progress, String::new()).await?;
        staged.table = pulled.complete(self.text, self.entry, &staged.stray).await?;
        staged.header = pulled.header.clone();
        log.figures("staged", progress.counts.accepted, progress.bytes, None);
        Ok(staged)
    }
}

/// Rows on their way into the two tables.
struct Staging<'a> {
    transfer: &'a Transfer<'a>,
    file: String,
    rows: Rows,
    rejects: Rejects<'a>,
    master: Vec<String>,
    drift: Option<Vec<Drift>>,
    sinks: Option<Sinks>,
    /// Whether the rows as delivered are written, too.
    both: bool,
}

impl<'a> Staging<'a> {
    async fn new(transfer: &'a Transfer<'a>, rows: Rows) -> Result<Self, Error> {
        let Transfer { loader, source, entry, text, .. } = transfer;
        Ok(Self {
            file: source.to_string(),
            both: !rows.are_delivered(),
            rows,
            rejects: Rejects::new(&loader.database, &loader.aws, entry),
            master: table::master_columns(text).await?,
            drift: None,
            sinks: None,
            transfer,
        })
    }

    async fn feed(&mut self, piece: &[u8], progress: &mut Progress) -> Result<(), Error> {
        for slice in piece.chunks(SLICE) {
            self.rows.feed(slice).map_err(|error| self.content(error))?;
            progress.counts = self.rows.counts();
            self.rejects.write(self.rows.rejects(), false).await?;
            if self.drift.is_none()
                && let Some(header) = self.rows.header().cloned()
            {
                self.found(&header)?;
            }
            if self.rows.text().len().max(self.rows.typed().len()) >= SEND {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Takes note of the header, and fails if its columns differ in a way that is refused.
    fn found(&mut self, header: &Header) -> Result<(), Error> {
        let found = drift::of_header(header, &self.master);
        drift::check(&found, &self.transfer.loader.settings.refuse_drift)
            .map_err(|error| self.content(error))?;
        self.drift = Some(found);
        Ok(())
    }

    async fn finish(
        mut self,
        finish: Finish,
        progress: &mut Progress,
        table: String,
    ) -> Result<Staged, Error> {
        let settings = &self.transfer.loader.settings;
        let finished = self.rows.finish();
        progress.counts = self.rows.counts();
        self.rejects.write(self.rows.rejects(), true).await?;
        finished.map_err(|error| self.content(error))?;
        self.rows.check_rejects(settings.max_reject_ratio).map_err(|error| self.content(error))?;
        let header = self.rows.header().cloned().ok_or_else(|| self.content(ContentError::Empty))?;
        // The header may have come with the very last bytes.
        if self.drift.is_none() {
            self.found(&header)?;
        }
        let mut drift = self.drift.take().unwrap_or_default();
        let encoder = self.rows.encoder().ok_or_else(|| self.content(ContentError::Empty))?;
        drift.extend(drift::of_values(&encoder.retyped()));
        drift::check(&drift, &settings.refuse_drift).map_err(|error| self.content(error))?;
        let finish = Finish {
            counts: progress.counts,
            refused: encoder.refused(),
            as_of: as_of(encoder.latest()),
            ..finish
        };
        let (numbered, totals) = (encoder.numbered(), self.rows.totals().compare());
        self.send().await?;
        let stray = self.rows.stray().to_vec();
        let typed = match self.sinks.take() {
            Some(sinks) => self.close(sinks).await?,
            None => Typed::default(),
        };
        Ok(Staged { header, finish, typed, numbered, drift, totals, table, stray })
    }

    fn content(&self, source: ContentError) -> Error {
        Error::Content { file: self.file.clone(), source }
    }

    /// Sends what waits, and makes the tables if it is the first.
    async fn send(&mut self) -> Result<(), Error> {
        let Transfer { entry, text, typed, .. } = self.transfer;
        let sinks = match &mut self.sinks {
            Some(sinks) => sinks,
            None => {
                let (Some(header), Some(encoder)) = (self.rows.header(), self.rows.encoder()) else {
                    return Ok(());
                };
                let text = match self.both {
                    true => Some(table::create(text, entry, header, &self.master).await?),
                    false => None,
                };
                let (typed, kept) = versions::create(typed, entry, encoder).await?;
                self.sinks.insert(Sinks { text, typed, kept })
            }
        };
        let (text, typed) = self.rows.waiting();
        let delivered = async {
            match &mut sinks.text {
                Some(sink) => sink.send(text).await,
                None => Ok(()),
            }
        };
        futures::try_join!(delivered, sinks.typed.send(typed))?;
        Ok(())
    }

    async fn close(&self, sinks: Sinks) -> Result<Typed, Error> {
        let Transfer { entry, typed: transaction, .. } = self.transfer;
        let typed = async {
            sinks.typed.finish().await?;
            versions::finish(transaction, entry, sinks.kept).await
        };
        let delivered = async {
            match sinks.text {
                Some(sink) => sink.finish().await.map(|_| ()),
                None => Ok(()),
            }
        };
        let ((), typed) = futures::try_join!(delivered, typed)?;
        Ok(typed)
    }
}
