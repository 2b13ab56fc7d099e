//! Opening: which database, how it is set up, and who may serve from it.
//!
//! Not here: the tables ([`super::migrate`]).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::database::Database;
use super::location::StoreLocation;
use super::migrate::migrate;
use super::{Result, Store, StoreError};

/// How long one waits for another writer, or for a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a server has for the first connection: a person waits for it, and a pool would try again for [`PATIENCE`].
const FIRST_CONNECTION: Duration = Duration::from_secs(2);

/// Connections of one process.
const CONNECTIONS: u32 = 4;

/// The right to serve from a store, as long as this value lives.
#[derive(Debug)]
#[must_use]
pub struct Alone(#[expect(dead_code, reason = "held for its lock")] Option<File>);

/// What an address names.
enum Address {
    File(PathBuf),
    Server(Box<PgConnectOptions>),
}

impl FromStr for Address {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let is_path = !path.is_empty() && !path.contains(['?', '#']);
            return if is_path {
                Ok(Self::File(path.into()))
            } else {
                Err(StoreError::Address(url.to_owned()))
            };
        }
        // What follows may hold a password, so none of it is repeated.
        let hidden = || StoreError::Address(url.split("//").next().unwrap_or_default().to_owned() + "//…");
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(hidden());
        }
        url.parse().map(|options| Self::Server(Box::new(options))).map_err(|_| hidden())
    }
}

impl Store {
    /// Opens the store at `sqlite://…` or `postgres://…`, makes it where there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError`]; a newer, foreign or damaged database is refused and left as it is.
    pub async fn open(url: &str) -> Result<Self> {
        let (database, location) = match url.parse()? {
            Address::File(path) => (open_file(&path).await?, StoreLocation::File(path)),
            Address::Server(options) => {
                let location = StoreLocation::of_server(&options);
                (open_server(*options, &location).await?, location)
            }
        };
        migrate(&database, &location).await?;
        Ok(Self { database, location: Arc::new(location), held: Arc::default() })
    }

    /// As [`Store::open`], for a store that is there already: a mistyped path makes no file.
    ///
    /// # Errors
    /// [`StoreError::Missing`], or as [`Store::open`].
    pub async fn open_existing(url: &str) -> Result<Self> {
        if let Address::File(path) = url.parse()?
            && !path.exists()
        {
            return Err(StoreError::Missing(StoreLocation::File(path)));
        }
        Self::open(url).await
    }

    /// As [`Store::open_existing`] for reading alone: tables stay as they are.
    pub(super) async fn open_to_read(url: &str) -> Result<Self> {
        let (database, location) = match url.parse()? {
            Address::File(path) if !path.exists() => {
                return Err(StoreError::Missing(StoreLocation::File(path)));
            }
            Address::File(path) => {
                let location = StoreLocation::File(path.clone());
                let options =
                    SqliteConnectOptions::new().filename(&path).read_only(true).busy_timeout(PATIENCE);
                let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
                let pool =
                    pool.connect_with(options).await.map_err(|source| StoreError::at(&location, source))?;
                (Database::Sqlite { pool, writer: Arc::default() }, location)
            }
            Address::Server(options) => {
                let location = StoreLocation::of_server(&options);
                (open_server(*options, &location).await?, location)
            }
        };
        Ok(Self { database, location: Arc::new(location), held: Arc::default() })
    }

    /// Takes the right to serve: one server per file, any number of replicas on PostgreSQL.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where another server has it.
    pub fn serve_alone(&self) -> Result<Alone> {
        let StoreLocation::File(path) = self.location() else { return Ok(Alone(None)) };
        let opened = |source| StoreError::Open { location: self.location().clone(), source };
        let file = private_file(&beside(path, ".serving")).map_err(opened)?;
        match file.try_lock() {
            Ok(()) => Ok(Alone(Some(file))),
            Err(TryLockError::WouldBlock) => Err(StoreError::Taken(self.location().clone())),
            Err(TryLockError::Error(source)) => Err(opened(source)),
        }
    }

    /// Ends all connections, after what they are doing.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

async fn open_file(path: &Path) -> Result<Database> {
    let location = StoreLocation::File(path.to_owned());
    make_private(path).map_err(|source| StoreError::Open { location: location.clone(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    let started = Instant::now();
    loop {
        match pool
            .clone()
            .connect_with(options.clone())
            .await
            .map_err(|source| StoreError::at(&location, source))
        {
            Ok(pool) => return Ok(Database::Sqlite { pool, writer: Arc::default() }),
            // SQLite itself does not wait for another that sets the same file up.
            Err(StoreError::Busy { .. }) if started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Makes the file where there is none: reasons and names are in it, so it is its owner's alone from the first byte.
///
/// One that is there is not even opened: closing it again would end the locks that this process has on it
/// (<https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
fn make_private(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().append(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn open_server(options: PgConnectOptions, location: &StoreLocation) -> Result<Database> {
    let waits = [("lock_timeout", "30s"), ("statement_timeout", "60s")];
    let options = options.application_name("p0-gitops").options(waits);
    let failed = |source| StoreError::at(location, source);
    let first = tokio::time::timeout(FIRST_CONNECTION, PgConnection::connect_with(&options)).await;
    let first = first.map_err(|_| failed(sqlx::Error::PoolTimedOut))?.map_err(failed)?;
    first.close().await.map_err(failed)?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = pool.connect_with(options).await.map_err(failed)?;
    Ok(Database::Postgres { pool })
}

fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
