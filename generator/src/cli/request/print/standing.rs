//! What a person has and could have.

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::request::Request;

use super::lists::{list, to_review};
use super::names;
use super::view::{view, view_with};
use crate::cli::output::{Format, plain, structured};
use crate::service::{Possible, Standing};
use crate::when::relative;

/// Who a person is, what they have, and what waits for them.
pub(in crate::cli::request) fn standing(
    person: &PersonName,
    standing: &Standing,
    now: Timestamp,
    output: Format,
) -> anyhow::Result<()> {
    if !output.is_for_people() {
        let own: Vec<_> = standing.own.iter().map(view).collect();
        let waiting: Vec<_> = standing.waiting.iter().map(|(request, may)| view_with(request, may)).collect();
        return structured(&serde_json::json!({ "person": person, "own": own, "waiting": waiting }), output);
    }
    outln!("You are {person} of p0/identities.yaml.");
    outln!("\nYours");
    list(&standing.own, now, output)?;
    outln!("\nWaiting for your answer");
    to_review(&standing.waiting, now, output)
}

/// Whether somebody has it, and else whether they may ask.
pub(in crate::cli::request) fn possible(
    possible: &Possible,
    now: Timestamp,
    output: Format,
) -> anyhow::Result<()> {
    if !output.is_for_people() {
        let (rule, may, refused) = match &possible.ask {
            Ok((rule, may)) => (Some(rule), names(may), None),
            Err(refused) => (None, Vec::new(), Some(refused.sentence())),
        };
        return structured(
            &serde_json::json!({
                "subject": possible.subject.to_string(),
                "live": possible.live.as_ref().map(view),
                "rule": rule,
                "may-approve": may,
                "refused": refused,
            }),
            output,
        );
    }
    if let Some(request) = &possible.live {
        let until = request.expires_at().map(|end| format!(", it ends {}", relative(end, now)));
        outln!(
            "yes: {} has it by {}{}",
            plain(&possible.subject.to_string()),
            request.id(),
            until.unwrap_or_default()
        );
        on_the_cluster(request).iter().for_each(|line| outln!("  {line}"));
        return Ok(());
    }
    match &possible.ask {
        Ok((rule, may)) if may.is_empty() => {
            outln!("not now; you may ask for it under the rule `{rule}`, with `p0-gitops request`");
        }
        Ok((rule, may)) => outln!(
            "not now; you may ask for it under the rule `{rule}`, with `p0-gitops request`; these may approve it: {}",
            names(may).join(", ")
        ),
        Err(refused) => outln!("no: {}", plain(&refused.sentence())),
    }
    Ok(())
}

/// How the holder of a live grant sees it on the cluster; nothing where the selection names no namespace that could be given.
pub(in crate::cli::request) fn on_the_cluster(request: &Request) -> Vec<String> {
    let spaces: std::collections::BTreeSet<Option<String>> =
        request.spec().grants.iter().map(|want| namespace_of(&want.selection)).collect();
    let line = |space: Option<String>| match space {
        Some(space) => format!("kubectl auth can-i --list --namespace {}", plain(&space)),
        None => "kubectl auth can-i --list".to_owned(),
    };
    spaces.into_iter().map(line).collect()
}

/// The namespace of a selection such as `pods shop/web`; none where it is not in one namespace.
fn namespace_of(selection: &str) -> Option<String> {
    use p0_grant::selection::{SelectionText, Target};
    match selection.parse::<SelectionText>().ok()?.target {
        Target::Object { namespace, .. } | Target::Kind { namespace } => Some(namespace.to_string()),
        _ => None,
    }
}
