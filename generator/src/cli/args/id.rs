//! A request's id as people type it: whole, or as much of its beginning as no other request has.

use std::str::FromStr;

use jiff::Timestamp;
use p0_access::request::RequestId;
use p0_grant::name::GrantId;

use crate::service::Service;

/// Fewer letters would mean another request by tomorrow.
const SHORTEST: usize = 4;

/// The beginning of an id, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct IdArg(String);

/// What cannot begin an id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no id: an id has 20 letters of `a-z0-9`, and its first {SHORTEST} or more are enough")]
pub(in crate::cli) struct IdArgError(String);

impl FromStr for IdArg {
    type Err = IdArgError;

    fn from_str(text: &str) -> Result<Self, IdArgError> {
        let is_length = (SHORTEST..=GrantId::LENGTH).contains(&text.len());
        let is_id = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        match is_length && is_id {
            true => Ok(Self(text.to_owned())),
            false => Err(IdArgError(text.to_owned())),
        }
    }
}

impl IdArg {
    /// The request that it means.
    pub(in crate::cli) async fn find(&self, service: &Service, now: Timestamp) -> anyhow::Result<RequestId> {
        Ok(service.find_id(&self.0, now).await?)
    }

    /// As it was typed.
    pub(in crate::cli) fn as_str(&self) -> &str {
        &self.0
    }
}
