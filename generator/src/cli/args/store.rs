//! Which store.

use std::path::PathBuf;

use anyhow::Context;

use crate::store::Store;

/// Which store.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct StoreArgs {
    /// The store: `sqlite:///path/p0.db` or `postgres://user@host/database`; without it, a file in your state folder.
    ///
    /// The password of a PostgreSQL user is taken from PGPASSWORD or ~/.pgpass.
    #[arg(long, value_name = "URL", env = "P0_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl StoreArgs {
    /// Opens it, and makes it where there is none.
    pub(in crate::cli) async fn open(&self) -> anyhow::Result<Store> {
        let url = match &self.store {
            Some(url) => url.clone(),
            None => in_state_folder()?,
        };
        Ok(Store::open(&url).await?)
    }
}

/// Where a person's own store is.
fn in_state_folder() -> anyhow::Result<String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    let folder = folder.context("there is no home folder to keep the store in; name one with `--store`")?;
    let folder = folder.join("p0-gitops");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    Ok(format!("sqlite://{}", folder.join("p0.db").display()))
}
