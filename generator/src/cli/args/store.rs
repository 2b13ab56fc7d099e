//! Which store. A command uses one that is there: a mistyped address must not become an empty store, in which no person has access.

use anyhow::Context;

use crate::cli::environment::{own_store, state_folder};
use crate::store::Store;

/// Which store.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct StoreArgs {
    /// The store: `sqlite:///path/p0.db` or `postgres://user@host/database`; without it, a file in your state folder.
    ///
    /// The password of a PostgreSQL user is taken from PGPASSWORD or ~/.pgpass.
    #[arg(long, value_name = "URL", env = "P0_STORE", hide_env_values = true, help_heading = "Where")]
    store: Option<String>,
}

impl StoreArgs {
    /// Opens it where it is there.
    pub(in crate::cli) async fn open(&self) -> anyhow::Result<Store> {
        Ok(Store::open_existing(&self.url()?).await?)
    }

    /// Opens it, and makes it where there is none.
    pub(in crate::cli) async fn open_or_make(&self) -> anyhow::Result<Store> {
        if self.store.is_none() {
            let folder = state_folder()?;
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make `{}`", folder.display()))?;
        }
        Ok(Store::open(&self.url()?).await?)
    }

    fn url(&self) -> anyhow::Result<String> {
        match &self.store {
            Some(url) => Ok(url.clone()),
            None => own_store(),
        }
    }
}
