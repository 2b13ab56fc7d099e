//! What a revocation takes away, before and after it.

use p0_access::request::Request;

use super::line;
use super::view::view;
use crate::cli::output::{Format, plain, structured};
use crate::service::Revocation;

/// What a revocation came to.
pub(in crate::cli::request) fn revoked(
    ended: &[Request],
    done: &Revocation,
    output: Format,
) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return for_programs("revoked", ended, done, output);
    }
    ended.iter().for_each(|request| outln!("{}", line(request)));
    done.closed.iter().for_each(|id| outln!("closed the preapproval {id}"));
    stays(done);
    if is_empty(done) {
        outln!("nothing to revoke");
    }
    Ok(())
}

/// What a revocation would come to.
pub(in crate::cli::request) fn revocable(would: &Revocation, output: Format) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return for_programs("would-revoke", &would.ended, would, output);
    }
    for request in &would.ended {
        outln!("would end {}", of(request));
    }
    would.closed.iter().for_each(|id| outln!("would close the preapproval {id}"));
    stays(would);
    if is_empty(would) {
        outln!("nothing to revoke");
    }
    Ok(())
}

/// The same beside a question, where the output is kept for the answer.
pub(in crate::cli::request) fn shown_before(would: &Revocation) {
    for request in &would.ended {
        errln!("ends {}", of(request));
    }
    would.closed.iter().for_each(|id| errln!("closes the preapproval {id}"));
    stays(would);
}

/// A request and what of it ends.
fn of(request: &Request) -> String {
    let asked = request.spec();
    format!("{}: {} to {}", line(request), plain(&asked.summary()), plain(&asked.subject.to_string()))
}

fn stays(done: &Revocation) {
    for (cluster, id) in &done.strays {
        errln!(
            "{} stays: no request is known for it; a person who may push removes it with `p0-gitops revert --cluster {cluster} {id}`",
            cluster.grant_path(id)
        );
    }
    for (id, why) in &done.kept {
        errln!("{id} stays: {}", plain(why));
    }
}

fn is_empty(done: &Revocation) -> bool {
    done.ended.is_empty() && done.closed.is_empty() && done.strays.is_empty() && done.kept.is_empty()
}

fn for_programs(what: &str, ended: &[Request], done: &Revocation, output: Format) -> anyhow::Result<()> {
    let strays: Vec<String> = done.strays.iter().map(|(cluster, id)| cluster.grant_path(id)).collect();
    let kept: Vec<_> =
        done.kept.iter().map(|(id, why)| serde_json::json!({ "id": id, "why": why })).collect();
    let ended: Vec<_> = ended.iter().map(view).collect();
    let closed: Vec<String> = done.closed.iter().map(ToString::to_string).collect();
    let all = serde_json::json!({
        what: ended, "preapprovals-closed": closed, "strays": strays, "kept": kept
    });
    structured(&all, output)
}
