//! Flux' own controllers.

use p0_tests::eks::{AwsAuthMap, NODES, alone};
use p0_tests::postgres::Postgres;
use p0_tests::program::program;
use p0_tests::serving::Serving;
use p0_tests::team::{READERS, Team, request_for};
use p0_tests::{AwsReader, eventually};

use crate::rig::*;

#[test]
fn asked_for_applied_used_given_back_and_pruned() {
    let world = World::with_flux("life", None);
    world.sync();
    let id = world.granted("deployment / default / life", &["--reason", "rollout hangs"]);
    world.tick(T2).done();
    assert_eq!(world.state(T2, &id), "merged", "Flux has not applied it yet");
    assert!(!may_get("default", "life"));
    let applied = world.sync();
    world.tick(T2).done();
    assert_eq!(world.state(T2, &id), "active");
    assert!(may_get("default", "life"));
    assert_eq!(objects(&id).len(), 2);
    world.team.acts_alone("alice", T2, &["relinquish", &id]).done();
    world.tick(T3).done();
    assert!(world.team.grants().is_empty());
    assert_eq!(world.state(T3, &id), "revoking", "gone from Git, and Flux has not applied that");
    let pruned = world.sync();
    world.tick(T3).done();
    assert_eq!(world.state(T3, &id), "revoked");
    assert!(objects(&id).is_empty(), "the last grant is really pruned");
    assert!(!may_get("default", "life"));
    let told = world.told(&id);
    for words in ["access is live", "access is gone"] {
        assert!(told.contains(words), "{words} in {told}");
    }
    println!("from base to the cluster: applied in {applied:.1?}, pruned in {pruned:.1?}");
}

#[test]
fn the_server_says_active_and_gone_on_flux_word() {
    let database = Postgres::shared();
    let team = Team::new(READERS).with_store(&database.database());
    let world = World::team_with_flux(team, "served", None);
    let server = Serving::start(program(), &world.team, Some(&witness()));
    let now = || jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string();
    let id = &world.team.asks_alone(&now(), "deployment / default / served", &[]);
    world.team.acts_alone("bob", &now(), &["approve", id]).done();
    eventually("it is merged", || world.team.grants() == [id.as_str()]);
    world.sync();
    eventually("it is active", || world.state(&now(), id) == "active");
    assert!(may_get("default", "served"));
    world.team.acts_alone("alice", &now(), &["relinquish", id]).done();
    eventually("it is off base", || world.team.grants().is_empty());
    world.sync();
    eventually("it is gone", || world.state(&now(), id) == "revoked");
    assert!(objects(id).is_empty());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_, metrics) = runtime.block_on(server.get("/metrics"));
    let delays =
        metrics.lines().filter(|line| line.contains("_seconds_sum") || line.contains("_seconds_count"));
    delays.for_each(|line| println!("{line}"));
    assert_eq!(server.stop().0.code(), Some(0));
}

#[test]
fn a_kustomization_is_kept_in_step() {
    let world = World::with_flux("listed", None);
    let file = "clusters/prod/grants/kustomization.yaml";
    let listed =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- sentinel.yaml\n";
    world.team.publish(file, listed);
    world.sync();
    let id = world.granted("deployment / default / listed", &[]);
    world.sync();
    assert_eq!(objects(&id).len(), 2, "Flux applies only what is listed");
    world.team.acts_alone("alice", T2, &["relinquish", &id]).done();
    world.tick(T2).done();
    world.sync();
    assert!(objects(&id).is_empty());
    assert_eq!(world.team.site().git(&["show", &format!("main:{file}")]), listed);
}

#[test]
fn variables_in_a_reason_stay_as_they_are() {
    let substitutes = serde_json::json!({ "substitute": { "who": "mallory", "p0": "x" } });
    let world = World::with_flux("plain", Some(substitutes));
    let locator = "deployment / default / plain";
    let ask = [&request_for(locator)[..], &["--reason", "${who} asks"]].concat();
    let refused = world.team.acts_alone("alice", T0, &ask);
    assert_ne!(refused.code, 0, "{}", refused.out);
    assert!(refused.err.contains("${"), "{}", refused.err);
    let id = world.granted(locator, &["--reason", "$who asks for $(who)"]);
    world.sync();
    let named = objects(&id).into_iter().find(|name| name.ends_with("-binding")).unwrap();
    let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings/{named}");
    let (_, binding) = plane().admin().call("GET", &path);
    let annotations = &binding["metadata"]["annotations"];
    assert_eq!(annotations["p0.dev/reason"], "$who asks for $(who)", "{binding}");
    assert_eq!(annotations["kustomize.toolkit.fluxcd.io/substitute"], "disabled");
}

#[test]
fn aws_auth_follows_the_grants_and_ends_as_it_began() {
    let _alone = alone();
    let map = AwsAuthMap::absent();
    let world = World::with_flux("mapped", None);
    let file = "infra/prod/aws-auth.yaml";
    let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let manifest = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n{}",
        indented(NODES)
    );
    world.team.publish(file, &manifest);
    let persons = world.team.site().git(&["show", "main:p0/identities.yaml"]);
    let arn = "  iamArn: arn:aws:iam::123456789012:user/alice\n";
    let persons = persons.replace("[alice@example.com]\n", &format!("[alice@example.com]\n{arn}"));
    world.team.publish("p0/identities.yaml", &persons);
    let cluster = world.team.site().git(&["show", "main:clusters/prod/p0-cluster.yaml"]);
    world
        .team
        .publish("clusters/prod/p0-cluster.yaml", &format!("{cluster}eks: {{awsAuth: {{file: {file}}}}}\n"));
    world.also_follows("mapped-aws-auth", include_str!("../../../examples/eks/flux.yaml"));
    let (before, mut reader) = (map.data(), AwsReader::start());
    let id = world.granted("deployment / default / mapped", &[]);
    world.sync();
    flux().sync("mapped-aws-auth", &world.head());
    assert_eq!(objects(&id).len(), 2);
    let seen = reader.read(&map.data());
    let users: Vec<&str> = seen.users.iter().map(|user| user.username.as_str()).collect();
    assert_eq!((users, seen.roles.len(), seen.error.as_str()), (vec!["alice@example.com"], 1, ""));
    let shown = world.team.show(T2, &id).to_string();
    assert!(shown.contains("arn:aws:iam::123456789012:user/alice"), "{shown}");
    world.team.acts_alone("alice", T2, &["relinquish", &id]).done();
    world.tick(T2).done();
    world.sync();
    flux().sync("mapped-aws-auth", &world.head());
    assert_eq!(world.team.site().git(&["show", &format!("main:{file}")]), manifest);
    assert_eq!(map.data(), before, "byte for byte");
}
