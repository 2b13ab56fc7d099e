//! What can be picked of a cluster, and what was: the catalogue, what discovery says, locators, selections.

pub mod catalogue;
pub mod discovery;
pub mod locator;
pub mod nearest;
pub mod resource;
pub mod selection;
