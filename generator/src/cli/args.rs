//! Arguments that several commands share.

mod catalogue;
mod grant;
mod repository;
mod store;
mod witness;

pub(super) use catalogue::{CatalogueArgs, PickArgs, read_catalogue_file};
pub(super) use grant::{GrantArgs, new_id};
pub(super) use repository::{BaseArgs, RepositoryArgs, SigningArgs, identity, open_repository};
pub(super) use store::StoreArgs;
pub(super) use witness::{Look, witnesses};
