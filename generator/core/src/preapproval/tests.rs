use p0_grant::approval::ApprovalKind;
use p0_grant::resource::ApiResource;
use p0_grant::selection::SelectionText;
use p0_grant::signature::{Purpose, Signature};
use ssh_key::PrivateKey;
use ssh_key::private::Ed25519Keypair;

use super::*;
use crate::identity::Identities;
use crate::policy::{Given, Policy, Question, Risk, Stated, Term, accept, decide};

const ID: &str = "vpl5aqzpwnnqmnkrzze2";

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

/// Alice asks; Bob, Carol and Dave have keys.
fn identities() -> Identities {
    let person = |name: &str, seed: u8| {
        let public = key(seed).public_key().to_openssh().unwrap();
        format!("- {{name: {name}, kubernetes: [{name}@x], sshKeys: [{public}]}}\n")
    };
    let persons = person("alice", 1) + &person("bob", 2) + &person("carol", 3) + &person("dave", 4);
    Identities::read(&format!("apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n{persons}")).unwrap()
}

fn time(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

fn selection(text: &str) -> Selection {
    let parts: SelectionText = text.parse().unwrap();
    let resource = ApiResource::new(parts.group, parts.plural, "Kind", parts.target.scope()).unwrap();
    Selection::new(resource.with_subresources(["log", "exec"]).unwrap(), parts.target).unwrap()
}

fn preapproval(on: &str) -> Preapproval {
    Preapproval::new(Terms {
        id: GrantId::new(ID).unwrap(),
        repository: None,
        to: PersonName::new("alice").unwrap(),
        cluster: ClusterName::new("prod").unwrap(),
        role: "view".parse().unwrap(),
        selection: selection(on).with_subresources(["log"]).unwrap(),
        digest: SubsetDigest::of(&[]),
        from: time("24T10:00"),
        until: time("25T10:00"),
        request_duration: Lifetime::hours(1),
    })
}

fn signed(mut preapproval: Preapproval, by: &[(&str, u8)]) -> Preapproval {
    let text = preapproval.signed_text().unwrap();
    for (name, seed) in by {
        let signature = Signature::make(Purpose::Preapproval, &key(*seed), text.as_bytes()).unwrap();
        let person = PersonName::new(*name).unwrap();
        preapproval.by.push(Signed { person, signature: signature.armor().to_owned() });
    }
    preapproval
}

#[test]
fn a_signed_preapproval_reads_back_and_opens() {
    let preapproval = signed(preapproval("apps/deployments shop/*"), &[("bob", 2), ("carol", 3)]);
    let read = Preapproval::read(&format!("{ID}.yaml"), &preapproval.write().unwrap()).unwrap();
    assert_eq!((read.path(), &read), (format!("p0/preapprovals/{ID}.yaml"), &preapproval));
    let text = preapproval.write().unwrap();
    assert!(text.contains("\nkind: Window\n"), "the file format keeps its name: {text}");
    let opened = read.open(&identities(), None).unwrap();
    let signers: Vec<&str> = opened.signers().iter().map(PersonName::as_str).collect();
    assert_eq!(signers, ["bob", "carol"]);
}

#[test]
fn a_preapproval_that_was_changed_or_is_unsigned_opens_nothing() {
    let good = || signed(preapproval("apps/deployments shop/*"), &[("bob", 2)]);
    let opens = |preapproval: Preapproval| {
        preapproval.open(&identities(), None).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(opens(good()), Ok(()));
    type Change = fn(&mut Preapproval);
    let changes: [(&str, Change); 11] = [
        ("with other rules", |preapproval| preapproval.subset_sha256 = Some("1".repeat(64))),
        ("from another repository", |preapproval| preapproval.repository = RepositoryId::new(ID).ok()),
        ("longer", |preapproval| preapproval.until = time("26T10:00")),
        ("wider", |preapproval| preapproval.selection = "apps/deployments */*".to_owned()),
        ("for another", |preapproval| preapproval.to = PersonName::new("dave").unwrap()),
        ("with more", |preapproval| preapproval.subresources.push("exec".to_owned())),
        ("signed as another", |preapproval| preapproval.by[0].person = PersonName::new("carol").unwrap()),
        ("unsigned", |preapproval| preapproval.by.clear()),
        ("no signature", |preapproval| preapproval.by[0].signature = "x".to_owned()),
        ("no selection", |preapproval| preapproval.selection = "everything".to_owned()),
        ("over before it begins", |preapproval| preapproval.until = preapproval.from),
    ];
    for (what, change) in changes {
        let mut preapproval = good();
        change(&mut preapproval);
        assert!(opens(preapproval).is_err(), "{what}");
    }
    assert!(opens(signed(preapproval("pods shop/*"), &[("bob", 9)])).unwrap_err().contains("no person"));
    let mut long = preapproval("pods shop/*");
    long.until = "2027-01-01T00:00:00Z".parse().unwrap();
    assert!(opens(signed(long, &[("bob", 2)])).unwrap_err().contains("31 days"));
    // Made for another purpose.
    let mut other = preapproval("pods shop/*");
    let text = other.signed_text().unwrap();
    let signature = Signature::make(Purpose::Act, &key(2), text.as_bytes()).unwrap();
    other
        .by
        .push(Signed { person: PersonName::new("bob").unwrap(), signature: signature.armor().to_owned() });
    assert!(opens(other).is_err());
}

#[test]
fn a_file_is_called_after_its_preapproval() {
    let text = preapproval("pods shop/*").write().unwrap();
    for file in ["other000000000000000.yaml", "preapproval.yaml"] {
        assert!(Preapproval::read(file, &text).is_err(), "{file}");
    }
    assert!(Preapproval::read(&format!("{ID}.yaml"), &text.replace("requestDuration", "duration")).is_err());
}

/// How long `ask` may live by the preapproval, or the first reason's code.
fn used(
    preapproval: Preapproval,
    policy: &str,
    on: &str,
    at: Timestamp,
    hours: u32,
) -> Result<Lifetime, &'static str> {
    let identities = identities();
    let policy = Policy::read(&format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n- {{name: r, requestor: any, resource: any, approval: [{policy}]}}\n"
    ))
    .unwrap();
    let (requester, cluster) = (PersonName::new("alice").unwrap(), ClusterName::new("prod").unwrap());
    let (subject, role) = ("alice@x".parse().unwrap(), "view".parse().unwrap());
    let selection = selection(on);
    let question = Question {
        requester: &requester,
        subject: &subject,
        cluster: &cluster,
        role: &role,
        selection: &selection,
        risk: Risk::default(),
        term: Term::For(Some(Lifetime::hours(hours))),
        reason: Stated::Nothing,
    };
    let found = decide(&policy, &identities, &question).matched().map_err(|reasons| reasons[0].code())?;
    let preapproval = preapproval.open(&identities, None).map_err(|_| "not open")?;
    let via = Some(ApprovalKind::Preapproval);
    let given = Given { preapproval: Some(preapproval), via, ..Given::nothing(at) };
    let accepted = accept(&found, &question, &given).map_err(|reasons| reasons[0].code())?;
    assert_eq!(accepted.accepted.kind(), ApprovalKind::Preapproval);
    Ok(accepted.max_duration)
}

#[test]
fn a_preapproval_is_worth_what_its_signers_may_approve() {
    let by = |signers: &[(&str, u8)]| signed(preapproval("apps/deployments shop/*"), signers);
    let (on, at) = ("apps/deployments shop/web", time("24T12:00"));
    let two = "reviewers: {persons: [bob, carol], count: 2}";
    assert_eq!(used(by(&[("bob", 2), ("carol", 3)]), two, on, at, 4), Ok(Lifetime::hours(1)));
    assert_eq!(used(by(&[("bob", 2)]), two, on, at, 4), Err("window"));
    assert_eq!(used(by(&[("bob", 2), ("dave", 4)]), two, on, at, 4), Err("window"));
    // One does not open a preapproval for oneself.
    let own = "reviewers: {persons: [alice, bob]}";
    assert_eq!(used(by(&[("alice", 1)]), own, on, at, 1), Err("window"));
    // What asks for a review of the change is not approved beforehand.
    assert_eq!(used(by(&[("bob", 2)]), "git: {persons: [bob]}", on, at, 1), Err("window"));
}

#[test]
fn a_preapproval_covers_what_lies_inside_while_it_is_open() {
    let one = "reviewers: {persons: [bob]}";
    let by = |on: &str| signed(preapproval(on), &[("bob", 2)]);
    let noon = time("24T12:00");
    for (preapproval, on, covered) in [
        ("apps/deployments shop/*", "apps/deployments shop/web", true),
        ("apps/deployments shop/*", "apps/deployments shop/*", true),
        ("apps/deployments shop/*", "apps/deployments */*", false),
        ("apps/deployments shop/web", "apps/deployments shop/*", false),
        ("apps/deployments shop/*", "apps/deployments eu/web", false),
        ("apps/deployments shop/*", "pods shop/web", false),
        ("pods */*", "pods shop/*", true),
        ("nodes *", "nodes n1", true),
        ("nodes n1", "nodes n2", false),
    ] {
        assert_eq!(used(by(preapproval), one, on, noon, 1).is_ok(), covered, "{preapproval} {on}");
    }
    let at = |time| used(by("pods shop/*"), one, "pods shop/a", time, 1).is_ok();
    let open = [time("24T09:59"), time("24T10:00"), time("25T09:59"), time("25T10:00")].map(at);
    assert_eq!(open, [false, true, true, false]);
}
