//! The outages that edits of `aws-auth` have caused elsewhere, tried here: AWS' own reader says what a cluster would be left with.
//! The table in docs/eks.md names a test for each; here are those that need AWS' reader and no cluster.

use std::collections::BTreeMap;

use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::{Addition, AwsAuth, Key, Owner, Refusal};
use p0_grant::mapping::Mapping;
use p0_tests::AwsReader;
use p0_tests::eks::{Data, NODES, USERS, data};

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
const CAROL: &str =
    "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol@example.com";

fn mapping(arn: &str, name: &str) -> Mapping {
    Mapping::new(IamIdentity::read(arn).expect("an ARN").0, name).expect("a mapping")
}

fn add(data: &Data, mapping: &Mapping) -> Result<Data, Refusal> {
    let Addition::Edit(edit) = AwsAuth::read(data)?.add(mapping, Owner::P0Gitops)? else {
        return Ok(data.clone());
    };
    let mut after = data.clone();
    after.insert(edit.key().name().to_owned(), edit.after().expect("an entry more").to_owned());
    Ok(after)
}

/// AWS empties a list that it cannot read, and keeps the others: with a broken `mapRoles` every node is out. No edit builds on one.
#[test]
fn no_edit_builds_on_a_list_that_aws_empties() {
    let mut reader = AwsReader::start();
    for (key, broken) in [
        ("mapRoles", format!("{NODES}\tbroken")),
        ("mapUsers", "- userarn: [\n".to_owned()),
        ("mapAccounts", "- \"1\n".to_owned()),
    ] {
        let mut map =
            data(&[("mapRoles", NODES), ("mapUsers", USERS), ("mapAccounts", "- \"999999999999\"\n")]);
        map.insert(key.to_owned(), broken);
        let seen = reader.read(&map);
        assert_ne!(seen.error, "", "AWS reads it: {map:?}");
        for new in [mapping(ALICE, "alice"), mapping(CAROL, "corp:carol@example.com")] {
            assert!(matches!(add(&map, &new), Err(Refusal::Unreadable { .. })), "{key}");
        }
    }
}

/// Where a list had an entry before, it has it after, in its place and with its groups: nodes, and people of others.
#[test]
fn nodes_and_people_of_others_are_there_before_and_after() {
    let mut reader = AwsReader::start();
    let before = data(&[("mapRoles", NODES), ("mapUsers", USERS), ("mapAccounts", "- \"999999999999\"\n")]);
    let seen = reader.read(&before);
    assert_eq!((seen.roles.len(), seen.users.len(), seen.error.as_str()), (1, 2, ""));
    let people = [mapping(ALICE, "alice"), mapping(CAROL, "corp:carol@example.com")];
    let after = people.iter().try_fold(before, |map, person| add(&map, person)).expect("two entries");
    let now = reader.read(&after);
    assert!(now.roles.starts_with(&seen.roles) && now.users.starts_with(&seen.users), "{now:?}");
    assert_eq!((now.roles.len(), now.users.len(), &now.accounts), (2, 3, &seen.accounts));
}

/// AWS reads a user name that is no text as an empty one, and keeps the entry. What is written here is text for every reader.
#[test]
fn a_user_name_that_looks_like_a_number_is_text_for_aws() {
    let mut reader = AwsReader::start();
    let wrong = reader.read(&data(&[("mapUsers", &format!("- userarn: {ALICE}\n  username: 123\n"))]));
    assert_eq!(wrong.users[0].username, "", "the outage is as it was");
    for name in
        ["123", "yes", "null", "~", "1e3", "0x1f", "12:30:45", "2024-01-01", "- a", "#a", "a: b", "*a"]
    {
        let after = add(&data(&[("mapRoles", NODES)]), &mapping(ALICE, name)).expect(name);
        let seen = reader.read(&after);
        assert_eq!((seen.users[0].username.as_str(), seen.error.as_str()), (name, ""), "{after:?}");
    }
}

/// Of an ARN that stands twice AWS takes the last entry, and of two that differ in case any: the groups of the other are gone.
#[test]
fn no_second_entry_hides_the_first_ones_groups() {
    let mut reader = AwsReader::start();
    let entry = |arn: &str, name: &str| format!("- userarn: {arn}\n  username: {name}\n  groups: [ops]\n");
    for arn in [ALICE.to_owned(), ALICE.replace("alice", "ALICE")] {
        let map = data(&[("mapUsers", &entry(&arn, "alice"))]);
        assert_eq!(add(&map, &mapping(ALICE, "alice")), Ok(map.clone()), "the entry is used as it is");
        let refused = add(&map, &mapping(ALICE, "other")).unwrap_err();
        assert!(matches!(refused, Refusal::OtherUsername { .. }), "{refused}");
    }
    let twice = format!("{}{}", entry(ALICE, "a"), entry(&ALICE.to_uppercase(), "b"));
    let map = data(&[("mapUsers", &twice)]);
    assert_eq!(reader.read(&map).users.len(), 2, "AWS takes both");
    assert!(matches!(add(&map, &mapping(ALICE, "a")), Err(Refusal::DuplicateArn { count: 2, .. })));
}

/// AWS drops the path of a role before it compares, so that an entry with a path is never met.
#[test]
fn a_role_is_written_without_its_path() {
    let path = CAROL.replace("assumed-role/", "assumed-role/aws-reserved/sso.amazonaws.com/eu-west-1/");
    let mut reader = AwsReader::start();
    let after =
        add(&data(&[("mapRoles", NODES)]), &mapping(&path, "corp:carol@example.com")).expect("an entry");
    let seen = reader.read(&after);
    let role = "arn:aws:iam::123456789012:role/AWSReservedSSO_Dev_0123456789abcdef";
    assert_eq!(
        (seen.roles[1].arn.as_str(), seen.roles[1].username.as_str()),
        (role, "corp:{{SessionNameRaw}}")
    );
}

/// An emptied ConfigMap is a cluster without nodes. The edit adds to what it is given, and says no more of the rest than it read.
#[test]
fn the_entry_of_a_person_never_takes_a_key_along() {
    let mut map: BTreeMap<String, String> = data(&[("mapRoles", NODES), ("mapUsers", USERS)]);
    map.insert("note".to_owned(), "kept by hand: [".to_owned());
    let aws_auth = AwsAuth::read(&map).expect("unknown keys are no list");
    let Ok(Addition::Edit(edit)) = aws_auth.add(&mapping(ALICE, "alice"), Owner::P0Gitops) else { panic!() };
    assert_eq!(edit.key(), Key::Users, "one key is written, and `mapRoles` is not");
    assert!(edit.after().is_some_and(|after| after.starts_with(USERS)));
}
