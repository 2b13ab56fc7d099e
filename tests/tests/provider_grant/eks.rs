//! A grant's entry in `aws-auth`. AWS' own reader says who the cluster knows.

use p0_tests::eks::AwsAuthMap;
use p0_tests::{AwsReader, UserMapping};
use tfplugin::value::Value;

use crate::rig::{Rig, object};
use crate::view;

mod entries;
mod races;
mod refused;

const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
const CAROL: &str =
    "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol@example.com";
const DAVE: &str =
    "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/dave@example.com";

fn person(user: &str, arn: &str) -> Vec<(&'static str, Value)> {
    view(
        user,
        &[("eks", object(&[("iam_arn", arn)])), ("timeouts", object(&[("create", "5m"), ("delete", "5m")]))],
    )
}

fn alice(rig: &Rig) -> Value {
    rig.config(&person("alice@example.com", ALICE))
}

/// The mappings that AWS knows now and did not know before; none of the former may be missing or other.
fn added(reader: &mut AwsReader, map: &AwsAuthMap, before: &p0_tests::eks::Data) -> Vec<UserMapping> {
    let (before, now) = (reader.read(before), reader.read(&map.data()));
    assert_eq!((now.error.as_str(), &now.accounts), ("", &before.accounts));
    let new = |now: Vec<UserMapping>, before: Vec<UserMapping>| {
        let (kept, new): (Vec<_>, Vec<_>) = now.into_iter().partition(|one| before.contains(one));
        assert_eq!(kept, before, "what others keep is as it was");
        new
    };
    [new(now.users, before.users), new(now.roles, before.roles)].concat()
}

fn mapped(arn: &str, username: &str) -> UserMapping {
    UserMapping { arn: arn.to_owned(), username: username.to_owned(), ..UserMapping::default() }
}
