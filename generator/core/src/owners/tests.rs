use ssh_key::private::Ed25519Keypair;

use super::*;
use crate::change::{File, FileChange, FileMode};
use crate::repository_id::RepositoryId;

const NOW: &str = "2026-11-24T10:00:00Z";
const REPOSITORY: &str = "rrrrrrrrrrrrrrrrrrrr";

fn key(seed: u8) -> ssh_key::PrivateKey {
    ssh_key::PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn line(name: &str, options: &str, seed: u8) -> String {
    format!("{name} {options}{}\n", key(seed).public_key().to_openssh().unwrap())
}

fn two_of_three() -> Owners {
    let lines =
        [line("alice", "", 1), line("alice", "", 2), line("bob", "", 3), line("carol", "", 4)].concat();
    Owners::read(&format!("# p0-threshold: 2\n{lines}")).unwrap()
}

fn edit(path: &str, before: &str, after: &str) -> ChangedFile {
    let file = |text: &str| Some(File { mode: FileMode::Regular, bytes: text.as_bytes().to_vec() });
    ChangedFile::of(&FileChange { path: path.to_owned(), before: file(before), after: file(after) })
}

fn change(last: Option<&OwnerChange>, files: &[ChangedFile]) -> OwnerChange {
    OwnerChange::after(last, RepositoryId::new(REPOSITORY).ok(), files.iter().cloned()).unwrap()
}

fn signed(mut change: OwnerChange, seeds: &[u8]) -> OwnerChange {
    let text = change.signed_text().unwrap();
    for seed in seeds {
        change.add(&Signature::make(Purpose::Owners, &key(*seed), text.as_bytes()).unwrap());
    }
    change
}

fn held(signed: &OwnerChange, actual: &OwnerChange) -> Result<(), OwnerRefusal> {
    let owners = two_of_three();
    let Guard::Signatures(needed) = owners.guard() else { return Ok(()) };
    signed.hold_to(actual, &owners, needed, NOW.parse().unwrap())
}

#[test]
fn the_file_says_how_many_have_to_sign_and_each_line_names_one_owner() {
    let alice = line("alice", "", 1);
    for (text, problem) in [
        (alice.clone(), "exactly one line"),
        (format!("# p0-threshold: 1\n# p0-threshold: 1\n{alice}"), "exactly one line"),
        (format!("# p0-treshold: 1\n{alice}"), "not a setting"),
        (format!("# p0-threshold: 0\n{alice}"), "not a setting"),
        (format!("# p0-threshold: forge\n{alice}"), "not a setting"),
        (format!("# p0-threshold: 2\n{alice}{}", line("alice", "", 2)), "has 1 owner(s)"),
        (
            format!("# p0-threshold: 1\n{}", line("alice", "namespaces=\"p0.dev/grant\" ", 1)),
            "has 0 owner(s)",
        ),
        (format!("# p0-threshold: 1\n{}", line("alice,bob", "", 1)), "not the name of one owner"),
        (format!("# p0-threshold: 1\n{}", line("*", "", 1)), "not the name of one owner"),
        ("# p0-threshold: 1\nalice\n".to_owned(), "line 2"),
    ] {
        let error = Owners::read(&text).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
    let review = Owners::read("# p0-threshold: forge-review\n").unwrap();
    assert_eq!(review.guard(), Guard::ForgeReview);
}

#[test]
fn a_quorum_counts_owners_and_not_keys() {
    let asked = change(None, &[edit("p0/policy.yaml", "a", "b")]);
    assert_eq!(held(&signed(asked.clone(), &[1, 3]), &asked), Ok(()));
    for seeds in [&[][..], &[1], &[1, 1], &[1, 2]] {
        let answer = held(&signed(asked.clone(), seeds), &asked);
        assert!(matches!(answer, Err(OwnerRefusal::TooFew { .. })), "{seeds:?}: {answer:?}");
    }
    let stranger = held(&signed(asked.clone(), &[1, 3, 9]), &asked);
    assert!(matches!(stranger, Err(OwnerRefusal::Signature(_))), "{stranger:?}");
}

#[test]
fn a_signature_is_good_for_one_change_once_from_one_state_in_one_repository() {
    let there = edit("p0/policy.yaml", "a", "b");
    let first = signed(change(None, std::slice::from_ref(&there)), &[1, 3]);
    let back = change(Some(&first), &[edit("p0/policy.yaml", "b", "a")]);
    let elsewhere = OwnerChange::after(None, None, [there.clone()]).unwrap();
    for (actual, differs) in [
        (change(Some(&back), std::slice::from_ref(&there)), "the number"),
        (change(None, &[edit("p0/policy.yaml", "c", "b")]), "a file"),
        (change(None, &[edit("p0/policy.yaml", "a", "c")]), "a file"),
        (change(None, &[there.clone(), edit("p0/identities.yaml", "a", "b")]), "a file"),
        (elsewhere, "the repository"),
    ] {
        let refused = held(&first, &actual).unwrap_err().to_string();
        assert!(refused.contains(differs), "{refused}");
    }
    // The signatures of another change are not taken over.
    let mut next = back.clone();
    next.adopt(&first, &two_of_three(), NOW.parse().unwrap());
    assert_eq!(next, back);
    // A grant's signature is none of an owner.
    let mut wrong = change(None, std::slice::from_ref(&there));
    let text = wrong.signed_text().unwrap();
    wrong.add(&Signature::make(Purpose::Grant, &key(1), text.as_bytes()).unwrap());
    assert!(matches!(held(&wrong, &wrong), Err(OwnerRefusal::Signature(_))));
}

#[test]
fn a_file_reads_as_it_was_written() {
    let written = signed(change(None, &[edit("p0/policy.yaml", "a", "b")]), &[1, 3]);
    assert_eq!(OwnerChange::read(&written.write().unwrap()), Ok(written));
}
