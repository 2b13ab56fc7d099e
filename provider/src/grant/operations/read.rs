//! Reading a grant: whether it has expired, whether it is live, and how the cluster differs from what was granted. Nothing is
//! written, and the granted rules are never taken from the cluster.

use p0_grant::digest::SubsetDigest;
use p0_grant::rule::Rule;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, Stored};
use tfplugin::value::Value;

use super::objects::{GrantObjects, desired, drift, is_ours, object_refs, rule_lines};
use super::write::bounded;
use crate::cluster::{Cluster, LiveObject};
use crate::grant::aws_auth;
use crate::grant::config::Timeouts;
use crate::grant::expiry::has_come;
use crate::grant::private_state::PrivateState;
use crate::grant::record::Record;
use crate::grant::resolve::{available, selection_of};
use crate::grant::values::{list, with};
use crate::session::Configured;

/// What is there of `current` now.
pub(in crate::grant) async fn read(
    call: &mut Call,
    configured: &Configured,
    cluster: &Cluster,
    current: Stored,
) -> Result<Stored, Diagnostics> {
    let record = Record::read(&current.state)?;
    let private = PrivateState::read(&current.private)?;
    let looking = async {
        same_cluster(cluster, &private).await?;
        look(cluster, &record, &private).await
    };
    let seen = bounded(&call.stop, Timeouts::of_state(&current.state).read, "read", looking).await?;
    call.diagnostics.extend(skew(cluster));
    let now = cluster.now().await?;
    let expired = has_come(record.expires_at, now);
    let ours = |live: &Option<LiveObject>| live.as_ref().is_some_and(|live| is_ours(live, &record));
    // What is left of a grant that has ended, be it one object, is there for the next apply to remove.
    let active = match expired {
        true => ours(&seen.role) || ours(&seen.binding) || aws_auth::is_left(cluster, &record).await?,
        false => ours(&seen.role) && ours(&seen.binding),
    };
    let mut found = vec![("expired", Value::Bool(expired)), ("active", Value::Bool(active))];
    if expired {
        // Nothing of it is put right any more, so nothing is said of it.
        found.push(("drift", list([])));
    } else {
        let mut drift = drift(&record, &desired(&record, &private)?, &seen);
        drift.extend(aws_auth::drift(cluster, &record).await?);
        found.push(("drift", list(drift)));
        found
            .push(("available_subset_sha256", of_today(call, configured, cluster, &record, &private).await?));
    }
    let identity = Some(current.identity.unwrap_or_else(|| record.identity()));
    Ok(Stored { state: with(current.state, found), private: current.private, identity })
}

/// Refuses to read "all gone" from another cluster than the grant was made in.
pub(in crate::grant) async fn same_cluster(
    cluster: &Cluster,
    private: &PrivateState,
) -> Result<(), Diagnostics> {
    let Some(own) = &private.cluster else { return Ok(()) };
    match cluster.uid().await? {
        Some(uid) if uid != own => {
            let detail = format!(
                "The grant was made in another cluster than {}: the uids of their `kube-system` namespaces are {own} and {uid}. \
                 Check the provider's `host` or `config_context`. If the cluster is gone for good, remove the grant from the \
                 state (`terraform state rm`).",
                cluster.server()
            );
            Err(Diagnostic::error("Another cluster", detail).into())
        }
        _ => Ok(()),
    }
}

async fn look(
    cluster: &Cluster,
    record: &Record,
    private: &PrivateState,
) -> Result<GrantObjects<Option<LiveObject>>, Diagnostics> {
    let references = object_refs(record, private);
    let (role, binding) =
        tokio::join!(cluster.get_cached(&references.role), cluster.get_cached(&references.binding));
    Ok(GrantObjects { role: role?, binding: binding? })
}

/// A clock that is off makes ends hard to understand.
pub(in crate::grant) fn skew(cluster: &Cluster) -> Option<Diagnostic> {
    let skew = cluster.skew()?;
    let detail = format!(
        "This machine's clock is {} s {} the API server's. Grants end by the server's clock.",
        skew.as_secs().abs(),
        if skew.is_negative() { "behind" } else { "ahead of" }
    );
    Some(Diagnostic::warning("The clocks differ", detail))
}

/// The digest of what the role gives today, with a warning where that is something else.
async fn of_today(
    call: &mut Call,
    configured: &Configured,
    cluster: &Cluster,
    record: &Record,
    private: &PrivateState,
) -> Result<Value, Diagnostics> {
    let Some(selection) = selection_of(&record.selection, &record.subresources) else {
        return Ok(Value::Null);
    };
    let resource = selection.resource().to_string();
    let settings = private.settings(&configured.settings.plan, &record.role, resource);
    let Some(rules) = available(cluster, &record.role, &selection, &settings).await? else {
        return Ok(Value::Null);
    };
    let digest = SubsetDigest::of(&rules);
    if digest != record.digest {
        call.diagnostics.push(changed(record, &rules, &digest));
    }
    Ok(Value::string(digest.to_string()))
}

fn changed(record: &Record, rules: &[Rule], digest: &SubsetDigest) -> Diagnostic {
    let (granted, today) = (rule_lines(&record.rules), rule_lines(rules));
    let more = today.iter().filter(|line| !granted.contains(line)).map(|line| format!("+ {line}"));
    let less = granted.iter().filter(|line| !today.contains(line)).map(|line| format!("- {line}"));
    let lines: Vec<String> = more.chain(less).collect();
    let detail = format!(
        "`{}` on `{}` gives other rules than were granted to {} ({}). The grant stays as it is. To accept them, set \
         `subset_sha256 = \"{digest}\"`.\n{}",
        record.role,
        record.selection,
        record.subject,
        record.id,
        lines.join("\n")
    );
    Diagnostic::warning("The role has changed since it was granted", detail).at_attribute("subset_sha256")
}
