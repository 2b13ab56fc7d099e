//! What is refused, before anything is written; and ends that wait for no ConfigMap.

use p0_tests::eks::{AwsAuthMap, NODES, USERS, alone, data};
use serde_json::json;
use tfplugin::value::Value;

use super::{ALICE, CAROL, alice, person};
use crate::rig::{Rig, is, lines, object, proxied};
use crate::traffic::writes;
use crate::{binding_path, get, role_path, view};

#[test]
fn bad_input_is_an_error_that_names_it_and_nothing_is_written() {
    let _alone = alone();
    let map = AwsAuthMap::usual();
    // Each time a new run.
    let told = |config: &[(&'static str, Value)]| {
        let (proxy, rig) = proxied(&[]);
        let told = rig.plan(None, &rig.config(config)).err().expect("an error");
        assert_eq!(writes(&proxy.asked()), [] as [&str; 0]);
        told
    };
    let refused = |user: &str, arn: &str| told(&person(user, arn));
    for (user, arn, said) in [
        ("alice", "alice", "is not an ARN"),
        ("alice", "arn:amazon:iam::123456789012:user/alice", "`amazon` is not a partition"),
        ("alice", "arn:aws:iam::12345:user/alice", "`12345` is not an AWS account"),
        ("alice", "arn:aws:iam::123456789012:role/team/Admin", "`Admin` is not one person"),
        ("alice", "arn:aws:iam::123456789012:group/admins", "cannot be mapped"),
        ("alice", "arn:aws:iam::123456789012:root", "cannot be mapped"),
        ("alice", CAROL, "must be a fixed prefix"),
        ("{{SessionName}}", ALICE, "placeholders"),
        ("eks:admin", ALICE, "reserves"),
    ] {
        let told = refused(user, arn);
        assert!(told.contains(said), "{arn}: {told}");
    }
    let group =
        [("subject", object(&[("kind", "Group"), ("name", "sre")])), ("eks", object(&[("iam_arn", ALICE)]))];
    assert!(told(&view("", &group)).starts_with("Not a user at eks"));

    map.merge(&json!({ "data": { "mapRoles": "- rolearn: &a broken\n" } }));
    let told = refused("alice", ALICE);
    assert!(told.contains("`mapRoles`, line 1"), "{told}");
    let large = format!("# {}\n", "x".repeat((1 << 20) - 100));
    AwsAuthMap::with(&data(&[("mapUsers", &large)]));
    assert!(refused("alice", ALICE).contains("stores at most 1048576"));
    let map = AwsAuthMap::usual();
    map.merge(&json!({ "immutable": true }));
    assert!(refused("alice", ALICE).starts_with("aws-auth is immutable"));
    let map = AwsAuthMap::absent();
    let told = refused("alice", ALICE);
    assert!(told.starts_with("No aws-auth") && told.contains("access entries"), "{told}");
    assert!(!map.exists(), "it is never created");

    AwsAuthMap::usual();
    let rig = Rig::new(&[]);
    let path = CAROL.replace("assumed-role/", "assumed-role/aws-reserved/sso.amazonaws.com/eu-west-1/");
    rig.plan(None, &rig.config(&person("corp:carol@example.com", &path))).unwrap();
    assert!(rig.warnings().contains(&"The ARN is written otherwise in aws-auth".to_owned()));
}

#[test]
fn a_grant_ends_also_where_aws_auth_is_gone_or_broken() {
    let _alone = alone();
    let map = AwsAuthMap::usual();
    let rig = Rig::new(&[]);
    let grant = rig.make(None, &alice(&rig));
    AwsAuthMap::absent();
    assert_eq!(lines(&rig.read(&grant).unwrap(), "drift"), ["aws-auth missing"]);
    assert_eq!(rig.delete(&grant), (None, Ok(())));
    assert!(!map.exists(), "it is never created");

    let (map, rig) = (AwsAuthMap::usual(), Rig::new(&[]));
    let grant = rig.make(None, &alice(&rig));
    map.change("mapRoles", |roles| format!("{roles}\tbroken"));
    let (left, told) = rig.delete(&grant);
    let told = told.unwrap_err();
    assert!(told.contains("`mapRoles`"), "{told}");
    assert_eq!((get(&role_path(&grant)).0, get(&binding_path(&grant)).0), (404, 404), "the access is gone");
    let left = left.expect("the entry is left, so the state keeps the grant");
    assert!(!is(&left, "active"));
    map.change("mapRoles", |roles| roles.replace("\tbroken", ""));
    assert_eq!(rig.delete(&left), (None, Ok(())));
    assert_eq!(map.data(), data(&[("mapRoles", NODES), ("mapUsers", USERS)]));
}
