//! Everything that a server needs, looked at in the order in which it would find it missing. `doctor` prints it, and `serve --check`
//! fails where one of it fails.

use jiff::Timestamp;
use p0_access::policy::OnCallPlaces;

use super::{repository, services};
use crate::cli::configured::hosted::OpenedRepository;
use crate::doctor::{Examination, Examinations};
use crate::serve::Settings;
use crate::signing::SigningKey;

/// Looks at everything that `settings` name, of whose repositories these are `opened`, with the key that signs where there is one.
pub(in crate::cli) async fn examine(
    settings: &Settings,
    opened: &[OpenedRepository<'_>],
    key: anyhow::Result<SigningKey>,
    now: Timestamp,
) -> Vec<Examination> {
    let mut all = services::store(settings).await;
    let mut found = Examinations::of("signing key");
    let key = match key {
        Ok(key) => {
            found.passed("key", key.public_line());
            Some(key)
        }
        Err(error) => {
            found.failed("key", format!("{error:#}"));
            None
        }
    };
    all.extend(found.found());
    let (mut places, mut channels) = (OnCallPlaces::default(), Vec::new());
    for one in opened {
        let examined = repository::examine(one, key.as_ref(), now).await;
        all.extend(examined.found);
        places.extend(examined.places);
        channels.extend(examined.channels);
    }
    all.extend(services::on_call(settings, &places).await);
    all.extend(services::slack(settings, &channels).await);
    all.extend(services::outgoing(settings));
    all
}
