//! Where a store is, for people.

use std::fmt;
use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;

/// Where a store is, for people: without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file.
    File(PathBuf),
    /// A database on a server.
    Server {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// The database.
        database: String,
    },
}

impl StoreLocation {
    pub(super) fn of_server(options: &PgConnectOptions) -> Self {
        let socket = options.get_socket().map(|path| path.display().to_string());
        Self::Server {
            host: socket.unwrap_or_else(|| options.get_host().to_owned()),
            port: options.get_port(),
            database: options.get_database().unwrap_or_else(|| options.get_username()).to_owned(),
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Server { host, port, database } => write!(f, "`{database}` on {host}:{port}"),
        }
    }
}
