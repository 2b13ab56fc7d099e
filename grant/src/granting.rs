//! What is granted: the grant, its two objects and their one text, its digest, its approval, its signature, and whose
//! signatures count.

pub mod approval;
pub mod digest;
mod fingerprint;
pub mod grant;
pub mod lifetime;
pub mod manifest;
pub mod on_call;
pub mod signature;
pub mod signers;
pub mod statement;
