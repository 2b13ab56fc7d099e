//! Other writers beside the provider: nothing of theirs is lost, and nothing of ours.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use p0_tests::eks::{AwsAuthMap, NODES, USERS, alone, data};
use p0_tests::{AwsReader, Fate};
use tfplugin::provider::Stored;

use super::{ALICE, added, alice, mapped, person};
use crate::rig::{Rig, proxied};
use crate::traffic::{before_first, first, writes};

#[test]
fn a_faster_writer_loses_nothing() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::usual(), AwsReader::start());
    let (proxy, rig) = proxied(&[]);
    let other = map.clone();
    proxy.judge(before_first("PATCH", "configmaps", move || {
        other.change("mapUsers", |users| format!("{users}- userarn: arn:aws:iam::1:user/x\n  username: x\n"));
    }));
    let before = map.data();
    let grant = rig.make(None, &alice(&rig));
    let new = added(&mut reader, &map, &before);
    assert_eq!(new, [mapped("arn:aws:iam::1:user/x", "x"), mapped(ALICE, "alice@example.com")]);
    let other = map.clone();
    proxy.judge(before_first("PATCH", "configmaps", move || {
        other.change("mapRoles", |roles| roles.replace("Do not remove!", "Keep!"));
    }));
    rig.delete(&grant).1.unwrap();
    let users = format!("{USERS}- userarn: arn:aws:iam::1:user/x\n  username: x\n");
    assert_eq!(
        map.data(),
        data(&[("mapRoles", &NODES.replace("Do not remove!", "Keep!")), ("mapUsers", &users)])
    );
}

#[test]
fn a_lost_answer_adds_nothing_twice() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::usual(), AwsReader::start());
    let (before, (proxy, rig)) = (map.data(), proxied(&[]));
    proxy.judge(first("PATCH", "configmaps", Fate::LostAnswer));
    let grant = rig.make(None, &alice(&rig));
    assert_eq!(added(&mut reader, &map, &before), [mapped(ALICE, "alice@example.com")]);
    proxy.judge(first("PATCH", "configmaps", Fate::LostAnswer));
    rig.delete(&grant).1.unwrap();
    assert_eq!(map.data(), before);
}

#[test]
fn a_grant_that_comes_while_the_entry_goes_gets_it_back() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::usual(), AwsReader::start());
    let before = map.data();
    let (proxy, rig) = proxied(&[]);
    let grant = rig.make(None, &alice(&rig));
    let (tell, told) = std::sync::mpsc::channel();
    proxy.judge(before_first("PATCH", "configmaps", move || {
        let other = Rig::new(&[]);
        tell.send(other.make(None, &alice(&other))).expect("the test waits");
    }));
    rig.delete(&grant).1.unwrap();
    assert_eq!(added(&mut reader, &map, &before), [mapped(ALICE, "alice@example.com")]);
    rig.delete(&told.recv_timeout(p0_tests::PATIENCE).expect("the other grant")).1.unwrap();
    assert_eq!(map.data(), before);
}

#[test]
fn without_its_entry_nothing_is_granted() {
    let _alone = alone();
    let map = AwsAuthMap::usual();
    let (proxy, rig) = proxied(&[]);
    let plan = rig.plan(None, &alice(&rig)).unwrap();
    let other = map.clone();
    // Between the look before the binding and the entry, another program maps the ARN otherwise.
    proxy.judge(before_first("POST", "rolebindings", move || {
        other.change("mapUsers", |users| format!("{users}- userarn: {ALICE}\n  username: other\n"));
    }));
    let (left, told) = rig.apply(&plan);
    assert!(told.unwrap_err().contains("mapped to the user `other`"));
    assert_eq!(left, None);
    let written = writes(&proxy.asked());
    let rolled_back =
        ["POST clusterroles", "POST rolebindings", "DELETE rolebindings", "DELETE clusterroles"];
    assert_eq!(written, rolled_back);
}

/// How many people get a grant at one time, from two runs.
const CROWD: usize = 100;

#[test]
fn a_hundred_grants_of_two_runs_and_a_foreign_writer_lose_nothing() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::usual(), AwsReader::start());
    let before = map.data();
    let runs = [Rig::new(&[]), Rig::new(&[])];
    let plans: Vec<_> = (0..CROWD)
        .map(|one| {
            let rig = &runs[one % 2];
            let arn = format!("arn:aws:iam::123456789012:user/person-{one}");
            (rig, rig.plan(None, &rig.config(&person(&format!("person-{one}"), &arn))).expect("a plan"))
        })
        .collect();
    let entry = |number| format!("- rolearn: arn:aws:iam::1:role/r{number}\n  username: r{number}\n");
    // Gives how many entries the foreign writer has added meanwhile.
    let beside = |from: usize, work: &(dyn Fn() + Sync)| {
        let done = AtomicBool::new(false);
        let change = |roles: &str, number| format!("{roles}{}", entry(from + number));
        std::thread::scope(|scope| {
            let foreign = scope.spawn(|| map.change_beside(change, || done.load(Ordering::SeqCst)));
            work();
            done.store(true, Ordering::SeqCst);
            foreign.join().expect("the foreign writer ends well")
        })
    };
    let grants: std::sync::Mutex<Vec<(&Rig, Stored)>> = std::sync::Mutex::default();
    let foreign = beside(0, &|| {
        std::thread::scope(|scope| {
            for (rig, plan) in &plans {
                let grants = &grants;
                scope.spawn(move || {
                    let (grant, told) = rig.apply(plan);
                    told.expect("no error");
                    grants.lock().expect("a lock").push((*rig, grant.expect("a grant")));
                });
            }
        });
    });
    let new: BTreeSet<String> =
        added(&mut reader, &map, &before).into_iter().map(|one| one.username).collect();
    assert!(foreign > 0, "the foreign writer was there");
    assert_eq!(new.len(), CROWD + foreign, "nothing is lost");
    assert!((0..CROWD).all(|one| new.contains(&format!("person-{one}"))));
    let grants = grants.into_inner().expect("a lock");
    let all = foreign
        + beside(foreign, &|| {
            std::thread::scope(|scope| {
                for (rig, grant) in &grants {
                    scope.spawn(move || rig.delete(grant).1.expect("no error"));
                }
            });
        });
    let roles = NODES.to_owned() + &(0..all).map(entry).collect::<String>();
    assert_eq!(
        map.data(),
        data(&[("mapRoles", &roles), ("mapUsers", USERS)]),
        "byte for byte what others made of it"
    );
}
