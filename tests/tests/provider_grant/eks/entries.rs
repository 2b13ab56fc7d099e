//! The entry of a grant: added after the binding, shared, taken away with the last grant; what others keep there stays.

use jiff::SignedDuration;
use p0_tests::eks::{AwsAuthMap, NODES, alone, data};
use p0_tests::{AwsReader, ControlPlane};
use serde_json::json;

use super::{ALICE, CAROL, DAVE, added, alice, mapped, person};
use crate::rig::{Rig, is, lines, of, proxied};
use crate::traffic::writes;
use crate::{binding_path, get, role_path};

#[test]
fn an_entry_comes_after_the_binding_and_goes_after_it() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::usual(), AwsReader::start());
    let before = map.data();
    let (proxy, rig) = proxied(&[]);
    for (user, arn, role, written) in [
        ("alice@example.com", ALICE, ALICE, "alice@example.com"),
        (
            "corp:carol@example.com",
            CAROL,
            "arn:aws:iam::123456789012:role/AWSReservedSSO_Dev_0123456789abcdef",
            "corp:{{SessionNameRaw}}",
        ),
    ] {
        proxy.asked();
        let config = rig.config(&person(user, arn));
        let grant = rig.make(None, &config);
        assert_eq!(writes(&proxy.asked()), ["POST clusterroles", "POST rolebindings", "PATCH configmaps"]);
        assert_eq!(added(&mut reader, &map, &before), [mapped(role, written)]);
        assert_eq!(get(&binding_path(&grant)).1["metadata"]["annotations"]["p0.dev/iam-arn"], arn);
        let read = rig.read(&grant).unwrap();
        assert_eq!(read.state, grant.state);
        assert!(rig.plan(Some(&read), &config).unwrap().is_empty());
        let imported = rig.import(of(&grant, "id")).unwrap();
        assert_eq!(imported.state.attribute("eks"), grant.state.attribute("eks"));
        proxy.asked();
        assert_eq!(rig.delete(&read), (None, Ok(())));
        assert_eq!(
            writes(&proxy.asked()),
            ["DELETE rolebindings", "DELETE clusterroles", "PATCH configmaps"]
        );
        assert_eq!(map.data(), before, "byte for byte");
    }
}

#[test]
fn grants_of_one_person_share_an_entry_and_the_last_one_takes_it() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::with(&data(&[("mapRoles", NODES)])), AwsReader::start());
    let before = map.data();
    let rig = Rig::new(&[]);
    for first_goes_first in [true, false] {
        let (one, two) = (rig.make(None, &alice(&rig)), rig.make(None, &alice(&rig)));
        let [first, last] = if first_goes_first { [one, two] } else { [two, one] };
        rig.delete(&first).1.unwrap();
        assert_eq!(added(&mut reader, &map, &before), [mapped(ALICE, "alice@example.com")]);
        rig.delete(&last).1.unwrap();
        assert_eq!(map.data(), before);
    }
    // Two persons of one permission set are one entry.
    let carol = rig.make(None, &rig.config(&person("corp:carol@example.com", CAROL)));
    let dave = rig.make(None, &rig.config(&person("corp:dave@example.com", DAVE)));
    assert_eq!(added(&mut reader, &map, &before).len(), 1);
    rig.delete(&carol).1.unwrap();
    assert_eq!(added(&mut reader, &map, &before).len(), 1);
    rig.delete(&dave).1.unwrap();
    assert_eq!(map.data(), before);
}

#[test]
fn an_entry_of_others_is_used_and_stays() {
    let _alone = alone();
    let map = AwsAuthMap::usual();
    let before = map.data();
    let (proxy, rig) = proxied(&[]);
    let bob = "arn:aws:iam::123456789012:user/bob";
    let grant = rig.make(None, &rig.config(&person("bob@example.com", bob)));
    assert_eq!(map.data(), before);
    rig.delete(&grant).1.unwrap();
    assert_eq!(map.data(), before);
    proxy.asked();
    for (user, arn, said) in [
        ("robert", bob, "is mapped to the user `bob@example.com`"),
        ("ops", ALICE, "is not one person"),
        ("bob@example.com", ALICE, "is not one person"),
    ] {
        let told = rig.plan(None, &rig.config(&person(user, arn))).err().expect("it is refused");
        assert!(told.starts_with("aws-auth is not changed at eks.iam_arn") && told.contains(said), "{told}");
    }
    assert_eq!(writes(&proxy.asked()), [] as [&str; 0]);
}

#[test]
fn an_entry_that_is_gone_is_seen_and_comes_back() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::usual(), AwsReader::start());
    let rig = Rig::new(&[]);
    let (before, config) = (map.data(), alice(&rig));
    let grant = rig.make(None, &config);
    map.merge(&json!({ "data": before }));
    let read = rig.read(&grant).unwrap();
    assert_eq!(lines(&read, "drift"), ["aws-auth entry missing"]);
    assert!(is(&read, "active"));
    map.change("mapUsers", |users| format!("{users}# a note of others\n"));
    let repaired = rig.make(Some(&read), &config);
    assert_eq!(rig.read(&repaired).unwrap().state, grant.state);
    assert_eq!(added(&mut reader, &map, &before), [mapped(ALICE, "alice@example.com")]);
    // Another user name for the ARN is somebody's decision: it is named, and not overwritten.
    map.change("mapUsers", |users| users.replace("\"alice@example.com\"", "mallory"));
    let changed = map.data();
    let read = rig.read(&repaired).unwrap();
    assert!(lines(&read, "drift")[0].contains("mapped to the user `mallory`"), "{:?}", lines(&read, "drift"));
    let (left, told) = rig.apply(&rig.plan(Some(&read), &config).unwrap());
    assert!(told.unwrap_err().contains("mapped to the user `mallory`"));
    rig.delete(&left.unwrap()).1.unwrap();
    assert_eq!(map.data(), changed, "what was changed is no longer ours");
    assert_eq!(get(&binding_path(&grant)).0, 404);
}

#[test]
fn an_end_takes_the_entry_away_also_after_reap() {
    let _alone = alone();
    let map = AwsAuthMap::usual();
    let before = map.data();
    for reaped in [false, true] {
        let (proxy, rig) = proxied(&[]);
        let config = alice(&rig);
        let grant = rig.make(None, &config);
        if reaped {
            for path in [binding_path(&grant), role_path(&grant)] {
                assert_eq!(ControlPlane::shared().admin().call("DELETE", &path).0, 200);
            }
        }
        proxy.shift_clock(SignedDuration::from_hours(9));
        let ended = rig.read(&grant).unwrap();
        assert!(is(&ended, "expired") && is(&ended, "active"), "the entry is left");
        let removed = rig.make(Some(&ended), &config);
        assert_eq!(map.data(), before);
        let quiet = rig.read(&removed).unwrap();
        assert!(!is(&quiet, "active") && rig.plan(Some(&quiet), &config).unwrap().is_empty());
        assert_eq!(rig.delete(&quiet), (None, Ok(())));
    }
}
