//! What is granted: the grant, its two objects and their one text, its digest, its signature, and whose signatures count.

pub mod digest;
pub mod grant;
pub mod manifest;
pub mod signature;
pub mod signers;
