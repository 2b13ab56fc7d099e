//! Whether a key's signature on a grant counts on base, found out before it is needed. Not here: finding the key.

use jiff::Timestamp;
use p0_access::layout::ALLOWED_SIGNERS;
use p0_grant::signature::{Fingerprint, Purpose};

use crate::repository::Repository;
use crate::signing::SigningKey;

/// Checks that grants signed by `key` at `now` pass the verifier of `repository`.
///
/// The key signs once, so that an agent that does not sign is found too.
pub(in crate::cli) fn check_signer(
    repository: &Repository,
    key: &SigningKey,
    now: Timestamp,
) -> anyhow::Result<()> {
    let text = b"p0-gitops: does this key count?";
    let own = Fingerprint::of(key.sign(Purpose::Grant, text)?.signer(Purpose::Grant, text)?.key_data());
    let signers = repository.snapshot()?.signers()?;
    let counts = signers.iter().any(|signer| {
        signer.key() == own && signer.may_sign(Purpose::Grant.namespace()) && signer.is_valid_at(now)
    });
    anyhow::ensure!(
        counts,
        "the signing key {own} does not count on base: {ALLOWED_SIGNERS} has no such key that is valid now and may sign `{}`; \
         name the key that it has, or leave the key out and let `p0-gitops serve` merge",
        Purpose::Grant.namespace()
    );
    Ok(())
}
