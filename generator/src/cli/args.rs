//! Arguments that several commands share.

mod catalogue;
mod grant;
mod id;
mod moment;
mod repository;
mod signer;
mod store;
mod witness;

pub(super) use catalogue::{CatalogueArgs, PickArgs, read_catalogue_file};
pub(super) use grant::{GrantArgs, new_id};
pub(super) use id::IdArg;
pub(super) use moment::{Moment, time};
pub(super) use repository::{BaseArgs, RepositoryArgs, SigningArgs};
pub(super) use signer::check_signer;
pub(super) use store::StoreArgs;
pub(super) use witness::{Look, witnesses};
