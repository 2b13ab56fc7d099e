//! What owners agree to by mistake: files that could not be used afterwards, and live grants that no other person could revoke.
//!
//! Base has no owners here, so that nothing else speaks against a change.

use std::collections::BTreeSet;
use std::sync::Arc;

use p0_access::change::{File, FileChange, FileMode};
use p0_access::identity::Identities;
use p0_access::name::GroupName;
use p0_access::verifier::{Base, Judgement, LiveGrant, LiveGrants, needs, verify};
use p0_grant::approval::ApprovalKind;
use p0_grant::grant::Workflow;

use crate::rig::*;

const POLICY_FILE: &str = "p0/policy.yaml";
const IDENTITIES_FILE: &str = "p0/identities.yaml";
const SETTINGS: &str = "clusters/prod/p0-cluster.yaml";
const CATALOGUE: &str = "clusters/prod/catalogue.yaml";
const POLICY_HEAD: &str = "apiVersion: p0.dev/v1alpha1\nkind: Policy\n";
const CLUSTER_HEAD: &str = "apiVersion: p0.dev/v1alpha1\nkind: Cluster\n";

/// A change of one file; what it was before does not matter here.
fn becomes(path: &str, after: Option<&str>) -> FileChange {
    FileChange { path: path.to_owned(), before: Some(file("before\n")), after: after.map(file) }
}

fn found(change: &[FileChange], base: &Base) -> BTreeSet<&'static str> {
    match verify(change, base, at(NOW)) {
        Judgement::Passed { .. } => BTreeSet::new(),
        Judgement::Refused(findings) => findings.iter().map(|finding| finding.refusal.code()).collect(),
    }
}

fn live(made: &Made) -> LiveGrant {
    LiveGrant { cluster: cluster(), claims: made.manifest().into_claims() }
}

/// Base with Alice's grant, which Bob approved.
fn approved() -> Base {
    Base { live: vec![live(&Made::default())], ..base() }
}

/// Base with Alice's grant, which no person approved: she was on call.
fn on_call() -> Base {
    let flow = Workflow { approvers: vec![], approval: Some(ApprovalKind::Auto), ..flow() };
    Base { live: vec![live(&Made { flow, ..Made::default() })], ..base() }
}

fn persons(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
    format!("apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n{lines}")
}

const ALICE_ENTRY: &str = "{name: alice, kubernetes: [alice@example.com]}";
const BOB_ENTRY: &str = "{name: bob, kubernetes: [bob@example.com]}";
const CAROL_ENTRY: &str = "{name: carol, kubernetes: [carol@example.com]}";
const DAVE_ENTRY: &str = "{name: dave, groups: [security]}";

#[test]
fn a_file_that_could_not_be_used_does_not_come_to_base() {
    let other = format!("{CLUSTER_HEAD}name: staging\n");
    for (path, after) in [
        (POLICY_FILE, "rules: nonsense\n"),
        (POLICY_FILE, "apiVersion: p0.dev/v1alpha1\nkind: Policy\nruels: []\n"),
        (IDENTITIES_FILE, "persons: nobody\n"),
        ("p0/allowed_signers", "no key\n"),
        ("p0/repository.yaml", "id: short\n"),
        ("p0/owner-signatures.yaml", "x\n"),
        (SETTINGS, "name: prod\n"),
        (SETTINGS, other.as_str()),
        (CATALOGUE, "kind: Nothing\n"),
    ] {
        for base in [base(), approved()] {
            assert_eq!(
                found(&[becomes(path, Some(after))], &base),
                BTreeSet::from(["unusable"]),
                "{path}: {after}"
            );
        }
    }
    assert_eq!(
        found(&[becomes("p0/owners", Some("no threshold\n"))], &base()),
        BTreeSet::from(["owners-file"])
    );
    let link = File { mode: FileMode::Link, bytes: b"policy".to_vec() };
    let link = FileChange { after: Some(link), ..becomes(POLICY_FILE, None) };
    assert_eq!(found(&[link], &base()), BTreeSet::from(["unusable"]));
    for path in ["p0/policy.yaml/a", "clusters/prod/p0-cluster.yaml/a", "p0"] {
        assert_eq!(found(&[becomes(path, Some("a\n"))], &base()), BTreeSet::from(["unusable"]), "{path}");
        assert_eq!(found(&[becomes(path, None)], &base()), BTreeSet::new(), "{path} goes again");
    }
}

#[test]
fn a_file_that_something_needs_does_not_go() {
    for path in
        [POLICY_FILE, IDENTITIES_FILE, "p0/allowed_signers", "p0/owners", "p0/repository.yaml", CATALOGUE]
    {
        assert_eq!(found(&[becomes(path, None)], &base()), BTreeSet::from(["unusable"]), "{path}");
    }
    assert_eq!(found(&[becomes(SETTINGS, None)], &approved()), BTreeSet::from(["unusable"]));
    // Without a grant that lives, a cluster goes with what belongs to it.
    let cluster_goes = [becomes(SETTINGS, None), becomes(CATALOGUE, None)];
    assert_eq!(found(&cluster_goes, &base()), BTreeSet::new());
    let ended = Base { live: vec![live(&short())], ..base() };
    assert_eq!(found(&cluster_goes, &ended), BTreeSet::new());
    // Where no cluster requires a policy any more, the policy and the persons may go.
    let optional = format!("{CLUSTER_HEAD}name: prod\ngrants: {{policy: optional}}\n");
    let policy_goes =
        [becomes(SETTINGS, Some(&optional)), becomes(POLICY_FILE, None), becomes(IDENTITIES_FILE, None)];
    assert_eq!(found(&policy_goes, &base()), BTreeSet::new());
    assert_eq!(found(&policy_goes, &approved()), BTreeSet::from(["unanswered"]));
}

/// A grant that ended before now.
fn short() -> Made {
    Made { created_at: "2026-11-24T08:00:00Z", hours: 1, ..Made::default() }
}

#[test]
fn somebody_other_than_who_has_it_can_still_revoke_each_live_grant() {
    let policy = |rest: &str| format!("{POLICY_HEAD}{rest}");
    let one = "rules:\n- name: one\n  requestor: any\n  resource: {k8s: {namespaces: [default]}}\n  approval: [reviewers: {persons: [bob, carol]}]\n";
    let renamed = one.replace("name: one", "name: uno");
    let denied = "rules:\n- {name: no, requestor: any, resource: any, approval: [deny]}\n";
    let (all, without_bob) =
        (persons(&[ALICE_ENTRY, BOB_ENTRY, CAROL_ENTRY]), persons(&[ALICE_ENTRY, CAROL_ENTRY]));
    let cases: [(&str, Base, &str, String, bool); 14] = [
        ("the same persons", approved(), IDENTITIES_FILE, all, true),
        ("carol could have approved it", approved(), IDENTITIES_FILE, without_bob, true),
        ("only the one who has it", approved(), IDENTITIES_FILE, persons(&[ALICE_ENTRY]), false),
        ("no person", approved(), IDENTITIES_FILE, persons(&[]).replace("persons:\n", ""), false),
        (
            "a group that no policy trusts",
            approved(),
            IDENTITIES_FILE,
            persons(&[ALICE_ENTRY, DAVE_ENTRY]),
            false,
        ),
        ("bob approved it", approved(), POLICY_FILE, policy(denied), true),
        ("nothing is granted", approved(), POLICY_FILE, policy(&format!("frozen: true\n{one}")), true),
        ("the rule names two", on_call(), POLICY_FILE, policy(one), true),
        ("the rule is called otherwise", on_call(), POLICY_FILE, policy(&renamed), true),
        (
            "frozen, and called otherwise",
            on_call(),
            POLICY_FILE,
            policy(&format!("frozen: true\n{renamed}")),
            true,
        ),
        ("no rule", on_call(), POLICY_FILE, policy("rules: []\n"), false),
        ("denied", on_call(), POLICY_FILE, policy(denied), false),
        (
            "approvers who are gone",
            on_call(),
            POLICY_FILE,
            policy(&one.replace("[bob, carol]", "[erin]")),
            false,
        ),
        (
            "the requester alone",
            on_call(),
            POLICY_FILE,
            policy(&one.replace("[bob, carol]", "[alice]")),
            false,
        ),
    ];
    for (name, base, path, after, passes) in cases {
        let expected = if passes { BTreeSet::new() } else { BTreeSet::from(["unanswered"]) };
        assert_eq!(found(&[becomes(path, Some(&after))], &base), expected, "{name}");
    }
}

#[test]
fn a_trusted_group_answers_for_every_grant() {
    let trusting = format!("{POLICY_HEAD}trustedGroups: [security]\nrules: []\n");
    let with_dave = persons(&[ALICE_ENTRY, DAVE_ENTRY]);
    let both = [becomes(POLICY_FILE, Some(&trusting)), becomes(IDENTITIES_FILE, Some(&with_dave))];
    assert_eq!(found(&both, &on_call()), BTreeSet::new());
    assert_eq!(found(&both[..1], &on_call()), BTreeSet::from(["unanswered"]), "the group has no member");
    // The policy on base cannot be read, and still says whom it trusts.
    let known = Arc::new(Identities::read(&persons(&[ALICE_ENTRY, BOB_ENTRY, DAVE_ENTRY])).unwrap());
    let broken = Base {
        policy: Some(Err("line 1".to_owned())),
        trusted: [GroupName::new("security").unwrap()].into(),
        identities: Some(Ok(known)),
        ..on_call()
    };
    assert_eq!(found(&[becomes(IDENTITIES_FILE, Some(&with_dave))], &broken), BTreeSet::new());
    let alone = persons(&[ALICE_ENTRY, BOB_ENTRY]);
    assert_eq!(found(&[becomes(IDENTITIES_FILE, Some(&alone))], &broken), BTreeSet::from(["unanswered"]));
}

#[test]
fn grants_that_nobody_answered_for_before_and_those_that_ended_refuse_nothing() {
    let nobody = persons(&[ALICE_ENTRY]);
    let change = [becomes(IDENTITIES_FILE, Some(&nobody))];
    assert_eq!(found(&change, &approved()), BTreeSet::from(["unanswered"]));
    let by_hand = Made { flow: Workflow { policy_rule: None, ..flow() }, ..Made::default() };
    for (name, base) in [
        ("no grant", base()),
        ("one that ended", Base { live: vec![live(&short())], ..base() }),
        ("one that no policy allowed", Base { live: vec![live(&by_hand)], ..base() }),
        ("persons that cannot be read", Base { identities: Some(Err("line 1".to_owned())), ..approved() }),
        ("no persons", Base { identities: None, ..approved() }),
        ("no policy and no approver", Base { policy: Some(Err("line 1".to_owned())), ..on_call() }),
    ] {
        assert_eq!(found(&change, &base), BTreeSet::new(), "{name}");
    }
}

/// Owners mend a broken base one file at a time.
#[test]
fn what_stood_before_refuses_no_change_that_mends_it_or_leaves_it_alone() {
    let mut all =
        Base { policy: Some(broken()), identities: Some(broken()), signers: Some(broken()), ..approved() };
    for known in all.clusters.values_mut() {
        (known.settings, known.catalogue) = (broken(), broken());
    }
    let good_persons = persons(&[ALICE_ENTRY, BOB_ENTRY, CAROL_ENTRY]);
    for (path, after) in [
        (POLICY_FILE, POLICY),
        (IDENTITIES_FILE, good_persons.as_str()),
        (SETTINGS, "apiVersion: p0.dev/v1alpha1\nkind: Cluster\nname: prod\n"),
        ("CODEOWNERS", "* @acme/security\n"),
        ("README.md", "text\n"),
    ] {
        assert_eq!(found(&[becomes(path, Some(after))], &all), BTreeSet::new(), "{path}");
    }
    // A removal waits for nothing.
    assert_eq!(found(&[change(Some("anything"), None)], &all), BTreeSet::new());
}

fn broken<T>() -> Result<Arc<T>, String> {
    Err("line 1".to_owned())
}

#[test]
fn live_grants_are_read_only_where_the_change_needs_them() {
    for (path, expected) in [
        (POLICY_FILE, LiveGrants::Needed),
        (IDENTITIES_FILE, LiveGrants::Needed),
        (SETTINGS, LiveGrants::Needed),
        (CATALOGUE, LiveGrants::NotNeeded),
        (PATH, LiveGrants::NotNeeded),
        ("README.md", LiveGrants::NotNeeded),
    ] {
        assert_eq!(needs(&[becomes(path, Some("x"))]).live, expected, "{path}");
    }
}

#[test]
fn the_sentence_names_some_of_the_grants_and_what_to_do() {
    let change = [becomes(IDENTITIES_FILE, Some(&persons(&[ALICE_ENTRY])))];
    let Judgement::Refused(findings) = verify(&change, &approved(), at(NOW)) else { panic!("it passes") };
    let sentence = findings[0].refusal.sentence();
    assert!(sentence.contains(ID) && sentence.contains("revoke them first"), "{sentence}");
    assert_eq!(findings[0].path, IDENTITIES_FILE);
}
