use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as AsyncMutex;

use super::{
    admin,
    error::{Error, Result},
    keeper::{Keeper, PartState},
    layout::Layout,
    port,
    process::PidFiles,
    record::{DatabaseRecord, RecordFile, Role},
    server::{self, Server},
};

/// What a new database should be.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) identifier: String,
    pub(super) user: String,
    pub(super) password: String,
    /// None: only `postgres`, as on RDS.
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) port: Option<u16>,
}

/// The answer to [`Wanted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Prepared {
    pub(super) port: u16,
    /// False when there was one of that name: its password is what it was.
    pub(super) created: bool,
}

/// One `db_instance` and the server behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    pub identifier: String,
    pub host: String,
    pub port: u16,
    pub user: String,
    pub name: String,
    pub secret_arn: Option<String>,
    /// What is associated with it; nothing here takes them on.
    pub roles: Vec<Role>,
    /// Of the PostgreSQL server; none when it cannot be opened.
    pub version: Option<String>,
    pub state: PartState,
    pub restarts: u32,
    pub note: Option<String>,
}

#[derive(Debug)]
enum Slot {
    Empty,
    Running {
        server: Box<Server>,
        keeper: Keeper,
    },
    /// The data are there, but nothing that can read them.
    Broken {
        reason: String,
    },
}

/// All databases of one local cloud.
#[derive(Debug)]
pub(super) struct Databases {
    layout: Layout,
    record: Arc<RecordFile>,
    pids: PidFiles,
    /// One lock each: slow work on one does not hold up another.
    slots: Mutex<BTreeMap<String, Arc<AsyncMutex<Slot>>>>,
    /// Ports of those that are being made.
    reserved: Mutex<Vec<u16>>,
}

impl Databases {
    /// Starts every database of the record.
    pub(super) fn start(layout: Layout, record: Arc<RecordFile>, pids: PidFiles) -> Self {
        let databases = Self { layout, record, pids, slots: Mutex::default(), reserved: Mutex::default() };
        for (identifier, known) in databases.record.get().databases {
            let slot =
                match Server::open(&identifier, &databases.layout, databases.record.clone(), known.port) {
                    Ok(server) => databases.running(server),
                    Err(error) => Slot::Broken { reason: error.to_string() },
                };
            databases.slots().insert(identifier, Arc::new(AsyncMutex::new(slot)));
        }
        databases
    }

    fn running(&self, server: Server) -> Slot {
        let keeper = Keeper::start(server.clone(), self.pids.clone());
        Slot::Running { server: Box::new(server), keeper }
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<AsyncMutex<Slot>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, identifier: &str) -> Arc<AsyncMutex<Slot>> {
        self.slots()
            .entry(identifier.to_owned())
            .or_insert_with(|| Arc::new(AsyncMutex::new(Slot::Empty)))
            .clone()
    }

    /// Makes a database, and returns when it accepts connections. One of that name that is there already is left as
    /// it is.
    pub(super) async fn prepare(&self, wanted: Wanted) -> Result<Prepared> {
        check(&wanted.identifier)?;
        let slot = self.slot(&wanted.identifier);
        let mut slot = slot.lock().await;
        match &*slot {
            Slot::Running { server, keeper } => {
                keeper.ready().await?;
                return Ok(Prepared { port: server.port(), created: false });
            }
            Slot::Broken { reason } => return Err(Error::Remote { message: reason.clone() }),
            Slot::Empty => {}
        }
        let port = self.reserve(wanted.port)?;
        let made = self.make(&wanted, port).await;
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner).retain(|reserved| *reserved != port);
        *slot = made?;
        let Slot::Running { server, .. } = &*slot else {
            return Err(Error::Identifier { identifier: wanted.identifier });
        };
        Ok(Prepared { port: server.port(), created: true })
    }

    fn reserve(&self, wanted: Option<u16>) -> Result<u16> {
        let record = self.record.get();
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<u16> = record
            .databases
            .values()
            .map(|database| database.port)
            .chain(record.gateway_port)
            .chain(reserved.iter().copied())
            .collect();
        let port = port::choose(wanted.as_slice(), &taken)?;
        reserved.push(port);
        Ok(port)
    }

    async fn make(&self, wanted: &Wanted, port: u16) -> Result<Slot> {
        let Wanted { identifier, user, password, .. } = wanted;
        let name = wanted.name.clone().unwrap_or_else(|| "postgres".to_owned());
        let server =
            Server::create(identifier, &self.layout, self.record.clone(), wanted.version.as_deref(), port)
                .await?;
        let keeper = Keeper::start(server.clone(), self.pids.clone());
        let furnished = async {
            keeper.ready().await?;
            let client = admin::connect(&server.sockets(), server.port(), "postgres")
                .await
                .map_err(|error| server.failed(describe(&error)))?;
            admin::furnish(&client, user, password, &name)
                .await
                .map_err(|error| server.failed(describe(&error)))?;
            let known = DatabaseRecord {
                port: server.port(),
                user: user.clone(),
                name,
                secret_arn: None,
                roles: vec![],
            };
            self.record.change(|record| drop(record.databases.insert(identifier.clone(), known)))
        };
        match furnished.await {
            Ok(()) => Ok(Slot::Running { server: Box::new(server), keeper }),
            Err(error) => {
                keeper.kill().await;
                server::remove(&self.layout, identifier).await?;
                Err(error)
            }
        }
    }

    pub(super) async fn set_password(&self, identifier: &str, password: &str) -> Result<()> {
        let slot = self.slot(identifier);
        let slot = slot.lock().await;
        let (Slot::Running { server, keeper }, Some(known)) = (&*slot, self.record.database(identifier))
        else {
            return Err(unknown(identifier));
        };
        keeper.ready().await?;
        let client = admin::connect(&server.sockets(), server.port(), "postgres")
            .await
            .map_err(|error| server.failed(describe(&error)))?;
        admin::set_password(&client, &known.user, password)
            .await
            .map_err(|error| server.failed(describe(&error)))
    }

    pub(super) fn set_secret(&self, identifier: &str, arn: Option<String>) -> Result<()> {
        self.record.change(|record| {
            if let Some(database) = record.databases.get_mut(identifier) {
                database.secret_arn = arn;
            }
        })
    }

    pub(super) fn set_roles(&self, identifier: &str, roles: Vec<Role>) -> Result<()> {
        self.record.change(|record| {
            if let Some(database) = record.databases.get_mut(identifier) {
                database.roles = roles;
            }
        })
    }

    pub(super) async fn reboot(&self, identifier: &str) -> Result<()> {
        match &*self.slot(identifier).lock().await {
            Slot::Running { keeper, .. } => keeper.restart().await,
            _ => Err(unknown(identifier)),
        }
    }

    /// Stops it and removes its data. Nothing there is fine.
    pub(super) async fn drop(&self, identifier: &str) -> Result<()> {
        check(identifier)?;
        let slot = self.slot(identifier);
        let mut slot = slot.lock().await;
        if let Slot::Running { keeper, .. } = &*slot {
            keeper.kill().await;
        }
        // The record first: data without a record are swept away, a record without data is an error.
        self.record.change(|record| drop(record.databases.remove(identifier)))?;
        *slot = Slot::Empty;
        server::remove(&self.layout, identifier).await
    }

    pub(super) async fn stop(&self) {
        let slots: Vec<_> = self.slots().values().cloned().collect();
        let stops = slots.into_iter().map(|slot| async move {
            if let Slot::Running { keeper, .. } = &*slot.lock().await {
                keeper.stop().await;
            }
        });
        futures::future::join_all(stops).await;
    }

    pub(super) fn list(&self) -> Vec<Database> {
        let known = self.record.get().databases;
        known
            .into_iter()
            .map(|(identifier, known)| {
                let slot = self.slot(&identifier);
                // Held while work is being done on it.
                let (state, version, restarts, note) = match slot.try_lock() {
                    Ok(slot) => match &*slot {
                        Slot::Running { server, keeper } => (
                            keeper.state(),
                            Some(server.version().to_owned()),
                            keeper.restarts(),
                            server.note(),
                        ),
                        Slot::Broken { reason } => {
                            (PartState::Failing { reason: reason.clone() }, None, 0, None)
                        }
                        Slot::Empty => (PartState::Stopped, None, 0, None),
                    },
                    Err(_) => (PartState::Starting, None, 0, None),
                };
                Database::new(identifier, known, state, version, restarts, note)
            })
            .collect()
    }
}

impl Database {
    pub(super) fn new(
        identifier: String,
        known: DatabaseRecord,
        state: PartState,
        version: Option<String>,
        restarts: u32,
        note: Option<String>,
    ) -> Self {
        let DatabaseRecord { port, user, name, secret_arn, roles } = known;
        let host = "127.0.0.1".to_owned();
        Self { identifier, host, port, user, name, secret_arn, roles, version, state, restarts, note }
    }
}

/// The identifier becomes a folder's name: what RDS would refuse must not get there.
fn check(identifier: &str) -> Result<()> {
    let fits = (1..=63).contains(&identifier.len())
        && identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !identifier.starts_with('-');
    if fits { Ok(()) } else { Err(Error::Identifier { identifier: identifier.to_owned() }) }
}

fn unknown(identifier: &str) -> Error {
    Error::Remote {
        message: format!("the local cloud has no database `{identifier}`\nSee `stackctl local status`"),
    }
}

/// tokio-postgres keeps the server's own words in the source.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => db.message().to_owned(),
        None => error.to_string(),
    }
}
