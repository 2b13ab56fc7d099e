//! One repository of the settings: its forge, and what its base branch says.

use jiff::{SignedDuration, Timestamp};
use p0_access::policy::OnCallPlaces;

use crate::cli::args::{Look, check_signer, witnesses};
use crate::cli::configured::hosted::{self, OpenedRepository};
use crate::doctor::{Examination, Examinations};
use crate::repository::{BaseSnapshot, Repository};
use crate::serve::RepositorySettings;
use crate::signing::SigningKey;

/// A sweep that has not looked for so long has stopped: the documents let it run every few minutes.
const STOPPED: SignedDuration = SignedDuration::from_hours(1);

/// What was found in a repository.
#[derive(Default)]
pub(super) struct Examined {
    pub(super) found: Vec<Examination>,
    /// Where being on call approves something.
    pub(super) places: OnCallPlaces,
    /// The channels that are told of requests.
    pub(super) channels: Vec<String>,
}

pub(super) async fn examine(
    OpenedRepository { own, repository }: &OpenedRepository<'_>,
    key: Option<&SigningKey>,
    now: Timestamp,
) -> Examined {
    let mut examined = Examined { found: hosted::examine(own, now).await, ..Examined::default() };
    let mut found = Examinations::of(own.url.as_str());
    let read = match repository {
        Ok(repository) => repository
            .snapshot()
            .map(|snapshot| (repository, snapshot))
            .map_err(|error| one_line(&error.into())),
        Err(error) => Err(one_line(error)),
    };
    match read {
        Ok((repository, snapshot)) => {
            found.passed("Git", format!("`{}` is at {}", own.base, snapshot.commit()));
            of_base(&snapshot, &mut found);
            of_key(repository, key, now, &mut found);
            of_clusters(own, &snapshot, &mut found);
            of_ways(own, repository, &mut found).await;
            of_sweep(repository, now, &mut found);
            // What is wrong with the policy has been said.
            if let Ok(policy) = snapshot.policy() {
                examined.places = policy.on_call_places();
                examined.channels = policy.channels().into_iter().map(str::to_owned).collect();
            }
        }
        Err(why) => found.failed("Git", why),
    }
    examined.found.extend(found.found());
    examined
}

fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

fn of_base(snapshot: &BaseSnapshot, found: &mut Examinations) {
    let policy = snapshot.policy();
    let rules = policy.as_ref().map(|policy| policy.rules().len()).unwrap_or_default();
    found.faults("policy", format!("{rules} rules"), policy.err().map(|fault| fault.to_string()));
    let identities = snapshot.identities();
    let persons = identities.as_ref().map(|all| all.iter().count()).unwrap_or_default();
    found.faults("persons", format!("{persons} persons"), identities.err().map(|fault| fault.to_string()));
}

fn of_key(repository: &Repository, key: Option<&SigningKey>, now: Timestamp, found: &mut Examinations) {
    let Some(key) = key else { return };
    let fault = check_signer(repository, key, now).err().map(|fault| format!("{fault:#}"));
    found.faults("signing key", "the key may sign grants on base", fault);
}

fn of_clusters(own: &RepositorySettings, snapshot: &BaseSnapshot, found: &mut Examinations) {
    for cluster in &own.clusters {
        let what = format!("cluster {cluster}");
        let fault = match snapshot.settings(cluster) {
            Ok(_) => snapshot.catalogue(cluster).err().map(|fault| fault.to_string()),
            Err(fault) => Some(format!("the cluster `{cluster}`: {fault}")),
        };
        found.faults(&what, "its file and its catalogue can be used", fault);
    }
}

/// The ways into clusters whose files say how grants are confirmed.
async fn of_ways(own: &RepositorySettings, repository: &Repository, found: &mut Examinations) {
    for (cluster, way) in &own.look {
        let look = [Look::new(cluster.clone(), way)];
        let fault = match witnesses(&look, repository).await {
            Ok(ways) if ways.is_empty() => Some(format!(
                "`look` names the cluster `{cluster}`, and its file has no `confirm`: write there how grants are confirmed"
            )),
            Ok(_) => None,
            Err(error) => Some(format!("the cluster `{cluster}`: {error:#}")),
        };
        found.faults(&format!("look into {cluster}"), "it can be reached", fault);
    }
}

fn of_sweep(repository: &Repository, now: Timestamp, found: &mut Examinations) {
    match repository.heartbeat() {
        Ok(Some(beat)) if now.duration_since(beat.at) > STOPPED => found.failed(
            "sweep",
            format!("the last sweep looked at {}: start it again, it ends what has expired when the server cannot", beat.at),
        ),
        Ok(Some(beat)) => found.passed("sweep", format!("the last one looked at {}", beat.at)),
        Ok(None) => found.not_checked(
            "sweep",
            "none has looked here: let `p0-gitops sweep` run on a schedule of its own, with a key of its own",
        ),
        Err(error) => found.failed("sweep", format!("{:#}", anyhow::Error::from(error))),
    }
}
