//! What people are told when the answer is no: who may, what is wrong and what to do, each once. The real program.

use p0_tests::program::run;
use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

#[test]
fn a_person_who_may_not_is_told_so_once_with_those_who_may() {
    let team = Team::new(&READERS.replace("[bob, carol]", "[bob]"));
    let id = team.asks(T0, "web", &[]);
    let revoke_all = ["revoke", "--all", "--yes"];
    for (who, words, expected) in [
        ("carol", &["approve", &id][..], "error: `carol` may not approve it; these may: bob\n".to_owned()),
        ("carol", &["deny", &id], "error: `carol` may not deny it; these may: bob\n".to_owned()),
        ("carol", &["revoke", &id], "error: `carol` may not revoke it; these may: alice, bob\n".to_owned()),
        ("carol", &revoke_all, format!("{id} stays: `carol` may not revoke it; these may: alice, bob\n")),
        (
            "alice",
            &["deny", &id],
            "error: `alice` may not deny it: it is their own request; `cancel` takes it back\n".to_owned(),
        ),
    ] {
        let run = team.acts(who, T1, words);
        assert_eq!((run.code, run.err), (2, expected), "{who} {words:?}");
    }
    let stranger = team.acts("mallory", T1, &["approve", &id]).ended(2);
    assert!(stranger.contains("p0/identities.yaml has no person with the SSH key SHA256:"), "{stranger}");
}

#[test]
fn what_cannot_be_approved_is_said_before_anything_is_shown() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &["--duration", "1h"]);
    let longer = team.acts("bob", T1, &["approve", &id, "--duration", "9h"]);
    assert_eq!((longer.code, longer.out.as_str()), (2, ""));
    assert!(longer.err.contains("never for longer"), "{}", longer.err);
    team.acts("bob", T1, &["approve", &id]).done();
    let again = team.acts("carol", T1, &["approve", &id]);
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert_eq!(again.err, "error: the request is merged, so approving it is not possible\n");
    // An extension that is taken back leaves the access as it was, and the message says so.
    team.acts("alice", T1, &["extend", &id, "--duration", "2h"]).done();
    team.acts("alice", T1, &["cancel", &id]).done();
    assert!(
        team.show(T1, &id)["told"].to_string().contains("the extension was taken back; access lasts until")
    );
}

#[test]
fn a_wrong_file_or_name_is_said_with_what_to_do_and_no_cause_twice() {
    let team = Team::new(READERS);
    for (words, expected) in [
        (&["revoke", "--signed-by", "SHA256:abc", "--yes"][..], "give the key's `.pub` file"),
        (&["revoke", "--cluster", "prot", "--yes"], "no request names it; there are prod"),
    ] {
        let told = team.acts("bob", T0, words).ended(1);
        assert!(told.contains(expected), "{told}");
    }
    // Nothing listens on port 1.
    let told = run(&["ls", "--store", "postgres://p0@127.0.0.1:1/p0"]).ended(1);
    assert_eq!(told.matches("Connection refused").count(), 1, "{told}");
}
