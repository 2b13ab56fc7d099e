//! The requests between the provider and the API server: what was written, and judges that meddle with the first of a kind.

use std::sync::atomic::{AtomicUsize, Ordering};

use p0_tests::{Asked, Fate};

/// Whether a request is of a method, for a kind.
pub(crate) fn is_for(asked: &Asked, method: &str, plural: &str) -> bool {
    asked.method == method && asked.path.contains(&format!("/{plural}"))
}

/// A judge of the first request of a kind; all others are served.
pub(crate) fn first(
    method: &'static str,
    plural: &'static str,
    fate: Fate,
) -> impl FnMut(&Asked) -> Fate + Send + 'static {
    let met = AtomicUsize::new(0);
    move |asked| match is_for(asked, method, plural) && met.fetch_add(1, Ordering::SeqCst) == 0 {
        true => fate.clone(),
        false => Fate::Served,
    }
}

/// Does something just before the first request of a kind is served.
pub(crate) fn before_first(
    method: &'static str,
    plural: &'static str,
    act: impl FnOnce() + Send + 'static,
) -> impl FnMut(&Asked) -> Fate + Send + 'static {
    let mut act = Some(act);
    move |asked| {
        if is_for(asked, method, plural)
            && let Some(act) = act.take()
        {
            // The test's own client must not wait in the proxy's threads.
            std::thread::spawn(act).join().expect("it is done");
        }
        Fate::Served
    }
}

/// Writes as `METHOD plural`, in order.
pub(crate) fn writes(asked: &[Asked]) -> Vec<String> {
    let plural = |path: &str| {
        let known = ["clusterrolebindings", "rolebindings", "clusterroles", "roles", "configmaps"];
        known.into_iter().find(|plural| path.contains(&format!("/{plural}"))).unwrap_or("?").to_owned()
    };
    asked
        .iter()
        .filter(|one| one.writes())
        .map(|one| format!("{} {}", one.method, plural(&one.path)))
        .collect()
}
