//! Who may have what, held against somebody who has the bot's key: whatever the file says of requester, approvers, rule,
//! duration and preapprovals, policy, identities and approvers' own keys on base say what is true.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

#[path = "impostors/after_the_change.rs"]
mod after_the_change;
#[path = "impostors/rig.rs"]
mod rig;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p0_access::identity::Identities;
use p0_access::policy::Policy;
use p0_access::preapproval::{Preapproval, Signed, Terms};
use p0_access::verifier::{Base, file_digest};
use p0_grant::approval::ApprovalKind;
use p0_grant::catalogue::Catalogue;
use p0_grant::digest::SubsetDigest;
use p0_grant::grant::Workflow;
use p0_grant::locator::Locator;
use p0_grant::name::GrantId;
use p0_grant::signature::{Purpose, Signature};
use rig::*;

#[test]
fn what_policy_allows_and_the_right_people_approved_passes() {
    passes(&Made::default());
    passes(&Made { signed_by: vec![(BOB, AS_IT_IS)], ..Made::default() });
}

/// What the bot's key would be misused for, and why it does not help.
#[test]
fn a_stolen_signing_key_gives_nothing_that_policy_does_not() {
    type Change = fn(&mut Made);
    let cases: [(&str, Change, &str); 20] = [
        ("for another repository", |made| made.flow.repository = Some("r".repeat(20)), "repository"),
        ("nobody approved", |made| made.flow.approvers = vec![], "not-enough"),
        ("the requester approved", |made| made.flow.approvers = vec!["alice".to_owned()], "own-request"),
        (
            "somebody else approved",
            |made| made.flow.approvers = vec!["mallory".to_owned()],
            "not-an-approver",
        ),
        ("one more approver", |made| made.flow.approvers.push("mallory".to_owned()), "approvers"),
        ("no name at all", |made| made.flow.approvers = vec!["Bob Smith".to_owned()], "unknown-person"),
        ("the approver asks", |made| made.flow.requester = "bob".to_owned(), "own-request"),
        ("the approver gets it", |made| made.subject = "bob@example.com", "own-request"),
        ("a stranger asks", |made| made.flow.requester = "mallory".to_owned(), "unknown-person"),
        ("a stranger gets it", |made| made.subject = "mallory@example.com", "unknown-person"),
        ("no approval", |made| made.flow.approval = None, "missing"),
        ("as a manager", |made| made.flow.approval = Some(ApprovalKind::Manager), "no-such-approval"),
        ("as on call", |made| made.flow.approval = Some(ApprovalKind::Auto), "no-such-approval"),
        ("as a preapproval", |made| made.flow.approval = Some(ApprovalKind::Preapproval), "missing"),
        ("as a review", |made| made.flow.approval = Some(ApprovalKind::Git), "no-such-approval"),
        ("another rule", |made| made.flow.policy_rule = Some("two".to_owned()), "rule"),
        ("no rule", |made| made.flow.policy_rule = None, "rule"),
        ("another policy", |made| made.flow.policy_sha256 = Some("0".repeat(64)), "other-policy"),
        ("too long", |made| made.hours = 9, "too-long"),
        ("to land late", |made| made.flow.merge_before = Some(at("2026-11-24T12:00:00Z")), "merge-span"),
    ];
    for (name, change, expected) in cases {
        let mut made = Made::default();
        change(&mut made);
        let found = codes(&made, &base());
        assert!(found.contains(expected), "{name}: {found:?}");
    }
    let elsewhere = Made { locator: "namespace / default", ..Made::default() };
    assert!(codes(&elsewhere, &base()).contains("no-rule"));
}

#[test]
fn what_is_dangerous_needs_a_key_that_the_bot_does_not_have() {
    let dangerous = |signed_by| Made { role: "edit", signed_by, ..Made::default() };
    assert!(codes(&dangerous(vec![]), &base()).contains("second-channel"));
    passes(&dangerous(vec![(BOB, AS_IT_IS)]));
    // A review that the forge knows does it too.
    let reviewed = BTreeSet::from(["bob".parse().unwrap()]);
    let base = Base { reviews: BTreeMap::from([(GrantId::new(ID).unwrap(), reviewed)]), ..base() };
    assert_eq!(codes(&dangerous(vec![]), &base), BTreeSet::new());
}

#[test]
fn an_approvers_signature_is_for_this_grant_and_no_other() {
    let cases: [(&str, u8, Restate); 12] = [
        ("in another repository", BOB, |own| own.repository = Some("r".repeat(20))),
        ("a stranger's", STRANGER, AS_IT_IS),
        ("the bot's", BOT, AS_IT_IS),
        ("another person's", CAROL, AS_IT_IS),
        ("the requester's own", ALICE, AS_IT_IS),
        ("for another grant", BOB, |own| own.grant = "a".repeat(20)),
        ("for another role", BOB, |own| own.role = "ClusterRole/admin".to_owned()),
        ("for another selection", BOB, |own| own.selection = "pods default/*".to_owned()),
        ("for somebody else", BOB, |own| own.subject = "User/carol@example.com".to_owned()),
        ("of other rules", BOB, |own| own.subset_sha256 = "0".repeat(64)),
        ("for a shorter time", BOB, |own| own.lifetime_seconds = 60),
        ("of last month", BOB, |own| own.at = at("2026-10-24T10:00:00Z")),
    ];
    for (name, seed, change) in cases {
        let made = Made { signed_by: vec![(seed, change)], ..Made::default() };
        assert_eq!(codes(&made, &base()), BTreeSet::from(["approver-signature"]), "{name}");
    }
}

/// Of a request that was cancelled or denied, an approval remains. The grant was made at 10:00, for four hours.
#[test]
fn an_approval_is_for_now_and_makes_no_grant_later() {
    let cases: [(&str, Restate, bool); 6] = [
        ("made at once", |own| own.at = at("2026-11-24T09:58:00Z"), true),
        (
            "made later, for the rest of the time",
            |own| (own.at, own.lifetime_seconds) = (at("2026-11-24T09:00:00Z"), 5 * 3600),
            true,
        ),
        ("made later, for the whole time", |own| own.at = at("2026-11-24T09:50:00Z"), false),
        (
            "made after an hour",
            |own| (own.at, own.lifetime_seconds) = (at("2026-11-24T08:59:59Z"), 8 * 3600),
            false,
        ),
        ("made on the next day", |own| own.at = at("2026-11-23T10:00:00Z"), false),
        (
            "made on the next day, for the rest of the time",
            |own| (own.at, own.lifetime_seconds) = (at("2026-11-23T10:00:00Z"), 48 * 3600),
            false,
        ),
    ];
    for (name, restate, passes) in cases {
        let made = Made { signed_by: vec![(BOB, restate)], ..Made::default() };
        let expected = if passes { BTreeSet::new() } else { BTreeSet::from(["approver-signature"]) };
        assert_eq!(codes(&made, &base()), expected, "{name}");
    }
}

/// Where two approve, the request is approved with the last: the first may have waited for days.
#[test]
fn the_last_of_two_approvals_counts() {
    let policy = POLICY
        .replace("[reviewers: {persons: [bob, carol]}]", "[reviewers: {persons: [bob, carol], count: 2}]");
    let policy = Arc::new(Policy::read(&policy).unwrap());
    let two = |bob: Restate, carol: Restate| {
        let approvers = vec!["bob".to_owned(), "carol".to_owned()];
        let flow = Workflow { approvers, policy_sha256: Some(policy.digest().to_owned()), ..flow() };
        Made { flow, signed_by: vec![(BOB, bob), (CAROL, carol)], ..Made::default() }
    };
    let base = Base { policy: Some(Ok(policy.clone())), ..base() };
    let early: Restate = |own| own.at = at("2026-11-22T10:00:00Z");
    assert_eq!(codes(&two(early, AS_IT_IS), &base), BTreeSet::new());
    assert_eq!(codes(&two(early, early), &base), BTreeSet::from(["approver-signature"]));
}

#[test]
fn a_policy_that_cannot_be_used_lets_nothing_in_and_everything_out() {
    type Spoil = fn(&mut Base);
    let frozen = |base: &mut Base| {
        let text = POLICY.replace("rules:\n", "frozen: true\nrules:\n");
        base.policy = Some(Ok(Arc::new(Policy::read(&text).unwrap())));
    };
    let cases: [(&str, Spoil, &str); 7] = [
        ("no policy", |base| base.policy = None, "base"),
        ("a broken policy", |base| base.policy = Some(Err("line 1".to_owned())), "base"),
        ("no identities", |base| base.identities = None, "base"),
        ("broken identities", |base| base.identities = Some(Err("line 1".to_owned())), "base"),
        ("nobody", |base| base.identities = Some(Ok(Arc::new(nobody()))), "unknown-person"),
        (
            "another policy",
            |base| base.policy = Some(Ok(Arc::new(Policy::read(&format!("{POLICY}# x\n")).unwrap()))),
            "other-policy",
        ),
        ("frozen", frozen, "frozen"),
    ];
    for (name, spoil, expected) in cases {
        let mut base = base();
        spoil(&mut base);
        assert!(codes(&Made::default(), &base).contains(expected), "{name}");
        let text = Made::default().text();
        assert_eq!(codes_at(change(Some(&text), None), &base, NOW), BTreeSet::new(), "{name}");
    }
}

fn nobody() -> Identities {
    Identities::read("apiVersion: p0.dev/v1alpha1\nkind: Identities\n").unwrap()
}

/// An extension of `before`, approved at half past one.
fn extension(before: &str) -> Made {
    let flow = Workflow {
        previous: Some(file_digest(before.as_bytes())),
        merge_before: Some(at("2026-11-24T14:00:00Z")),
        ..flow()
    };
    Made { created_at: "2026-11-24T13:30:00Z", hours: 4, flow, ..Made::default() }
}

#[test]
fn an_extension_names_what_it_replaces_and_is_approved_like_a_grant() {
    let first = Made::default().text();
    let id = GrantId::new(ID).unwrap();
    let base = Base {
        used: BTreeSet::from([id.clone()]),
        versions: BTreeMap::from([(id, vec![first.clone().into_bytes()])]),
        ..base()
    };
    let judged =
        |made: &Made| codes_at(change(Some(&first), Some(&made.text())), &base, "2026-11-24T13:40:00Z");
    assert_eq!(judged(&extension(&first)), BTreeSet::new());
    assert_eq!(judged(&Made { signed_by: vec![(BOB, AS_IT_IS)], ..extension(&first) }), BTreeSet::new());
    type Change = fn(&mut Made);
    let cases: [(&str, Change, &str); 9] = [
        ("no former file", |made| made.flow.previous = None, "changed-in-place"),
        ("another former file", |made| made.flow.previous = Some("0".repeat(64)), "extension"),
        ("another subject", |made| made.subject = "carol@example.com", "extension"),
        ("another role", |made| made.role = "edit", "extension"),
        ("another selection", |made| made.locator = "deployment / default / *", "extension"),
        ("another requester", |made| made.flow.requester = "carol".to_owned(), "extension"),
        ("nobody approved", |made| made.flow.approvers = vec![], "not-enough"),
        ("too long in all", |made| made.hours = 9, "total-too-long"),
        (
            "a former approval",
            |made| made.signed_by = vec![(BOB, |own| own.previous = None)],
            "approver-signature",
        ),
    ];
    for (name, change, expected) in cases {
        let mut made = extension(&first);
        change(&mut made);
        assert!(judged(&made).contains(expected), "{name}: {:?}", judged(&made));
    }
    // An extension of nothing is no grant.
    let alone = codes_at(change(None, Some(&extension(&first).text())), &base, "2026-11-24T13:40:00Z");
    assert!(alone.contains("extension") && alone.contains("used-id"), "{alone:?}");
}

#[test]
fn going_back_to_an_earlier_version_passes_and_going_on_again_does_not() {
    let first = Made::default().text();
    let second = extension(&first).text();
    let versions = vec![second.clone().into_bytes(), first.clone().into_bytes()];
    let base = Base { versions: BTreeMap::from([(GrantId::new(ID).unwrap(), versions)]), ..base() };
    let judged = |before: &str, after: &str| {
        codes_at(change(Some(before), Some(after)), &base, "2026-11-24T13:40:00Z")
    };
    assert_eq!(judged(&second, &first), BTreeSet::new());
    // The bot's key is not needed to take away, and a broken policy does not hinder it.
    let broken = Base { policy: None, signers: None, ..base.clone() };
    assert_eq!(codes_at(change(Some(&second), Some(&first)), &broken, NOW), BTreeSet::new());
    // Reverting the revert raises nothing, although its time to land is not over.
    assert_eq!(judged(&first, &second), BTreeSet::from(["extension"]));
    let tampered = first.replace("T14:00:00Z", "T13:00:00Z");
    assert_eq!(judged(&second, &tampered), BTreeSet::from(["changed-in-place"]));
}

/// A preapproval that `signer` opened for alice.
fn preapproval(signer: u8, person: &str, from: &str) -> Preapproval {
    let catalogue = Catalogue::embedded().unwrap();
    let selection = "deployment / default / *".parse::<Locator>().unwrap().resolve(&catalogue).unwrap();
    let mut preapproval = Preapproval::new(Terms {
        repository: None,
        digest: SubsetDigest::of(&[]),
        id: GrantId::new(PREAPPROVAL).unwrap(),
        to: "alice".parse().unwrap(),
        cluster: cluster(),
        role: "view".parse().unwrap(),
        selection,
        from: at(from),
        until: at("2026-11-25T00:00:00Z"),
        request_duration: "4h".parse().unwrap(),
    });
    let text = preapproval.signed_text().unwrap();
    let signature = Signature::make(Purpose::Preapproval, &key(signer), text.as_bytes()).unwrap();
    preapproval.by =
        vec![Signed { person: person.parse().unwrap(), signature: signature.armor().to_owned() }];
    preapproval
}

#[test]
fn a_preapproval_counts_as_its_signers_opened_it() {
    let through = |made: Made| {
        let flow = Workflow {
            approval: Some(ApprovalKind::Preapproval),
            preapproval: Some(PREAPPROVAL.to_owned()),
            ..made.flow.clone()
        };
        Made { flow, ..made }
    };
    let with = |preapproval: Preapproval| {
        let opened = preapproval.open(&identities(), None).map_err(|error| error.to_string());
        Base { preapprovals: BTreeMap::from([(GrantId::new(PREAPPROVAL).unwrap(), opened)]), ..base() }
    };
    let good = with(preapproval(BOB, "bob", "2026-11-24T00:00:00Z"));
    assert_eq!(codes(&through(Made::default()), &good), BTreeSet::new());
    assert!(codes(&through(Made::default()), &base()).contains("base"), "no such preapproval");
    for (name, base, made, expected) in [
        ("not open yet", with(preapproval(BOB, "bob", "2026-11-24T12:00:00Z")), Made::default(), "window"),
        (
            "opened by a stranger",
            with(preapproval(STRANGER, "bob", "2026-11-24T00:00:00Z")),
            Made::default(),
            "base",
        ),
        (
            "opened by alice",
            with(preapproval(ALICE, "alice", "2026-11-24T00:00:00Z")),
            Made::default(),
            "window",
        ),
        ("longer than it gives", good.clone(), Made { hours: 5, ..Made::default() }, "too-long"),
        ("another role", good, Made { role: "edit", ..Made::default() }, "window"),
    ] {
        let found = codes(&through(made), &base);
        assert!(found.contains(expected), "{name}: {found:?}");
    }
}

/// A thousand and more edits of two files by hand: a grant with an approver's own signature, and an extension.
#[test]
fn none_of_a_thousand_edits_passes() {
    let first = Made { signed_by: vec![(BOB, AS_IT_IS)], ..Made::default() }.text();
    let second = Made { signed_by: vec![(BOB, AS_IT_IS)], ..extension(&first) }.text();
    let versions = vec![first.clone().into_bytes()];
    let base = Base { versions: BTreeMap::from([(GrantId::new(ID).unwrap(), versions)]), ..base() };
    let mut tried = 0;
    for (before, text, now) in [(None, &first, NOW), (Some(first.as_str()), &second, "2026-11-24T13:40:00Z")]
    {
        assert_eq!(codes_at(change(before, Some(text)), &base, now), BTreeSet::new());
        for edited in edits(text) {
            let found = codes_at(change(before, Some(&edited)), &base, now);
            assert!(!found.is_empty(), "passed:\n{edited}");
            tried += 1;
        }
    }
    assert!(tried >= 1_000, "{tried} edits");
}

/// Every line dropped, doubled, lengthened, shortened, and with each kind of word in it exchanged.
fn edits(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let exchanges = [
        ("alice", "mallory"),
        ("bob", "carol"),
        ("get", "*"),
        ("default", "kube-system"),
        ("view", "admin"),
        ("10:", "09:"),
        ("14:", "23:"),
        ("p0.dev", "p0.example"),
        ("ClusterRole", "Role"),
        ("A", "B"),
        ("0", "1"),
        ("e", "a"),
    ];
    let mut edited = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let mut with = |replacement: Vec<String>| {
            let mut all: Vec<String> = lines.iter().map(ToString::to_string).collect();
            all.splice(index..=index, replacement);
            edited.push(all.join("\n") + "\n");
        };
        with(vec![]);
        with(vec![(*line).to_owned(), (*line).to_owned()]);
        with(vec![format!("{line}x")]);
        with(vec![line.chars().take(line.chars().count() - 1).collect()]);
        with(vec![format!("{line} # harmless")]);
        with(vec![format!(" {line}")]);
        for (from, to) in exchanges.iter().filter(|(from, _)| line.contains(from)) {
            with(vec![line.replacen(from, to, 1)]);
        }
    }
    edited.retain(|own| own != text);
    edited
}
