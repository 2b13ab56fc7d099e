//! The manifest of `aws-auth` on base, kept in step with the grants also where no grant changes: by the server's rounds and the sweep.

use p0_tests::site::CLUSTER;
use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
const T2: &str = "2026-11-24T10:02:00Z";
const FILE: &str = "infra/prod/aws-auth.yaml";
const MANIFEST: &str = "\
# Kept by hand.
apiVersion: v1
kind: ConfigMap
metadata:
  name: aws-auth
  namespace: kube-system
data:
  mapRoles: |
    - rolearn: arn:aws:iam::123456789012:role/eksNodeRole # nodes
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:bootstrappers, system:nodes]
";

/// A team whose Alice has two grants, and the manifest with her entry.
fn mapped() -> (Team, String) {
    let team = Team::new(READERS);
    team.publish(FILE, MANIFEST);
    let known = |file: &str| team.site().git(&["show", &format!("main:{file}")]);
    let iam = "[alice@example.com]\n  iamArn: arn:aws:iam::123456789012:user/alice\n";
    team.publish("p0/identities.yaml", &known("p0/identities.yaml").replace("[alice@example.com]\n", iam));
    let settings = format!("clusters/{CLUSTER}/p0-cluster.yaml");
    team.publish(&settings, &format!("{}eks: {{awsAuth: {{file: {FILE}}}}}\n", known(&settings)));
    for name in ["one", "two"] {
        let id = team.asks(T0, name, &[]);
        team.acts("bob", T1, &["approve", &id]).done();
    }
    assert_eq!(team.grants().len(), 2);
    let entered = manifest(&team);
    assert_eq!(entered.matches("user/alice\n").count(), 1, "{entered}");
    (team, entered)
}

fn manifest(team: &Team) -> String {
    team.site().git(&["show", &format!("main:{FILE}")])
}

#[test]
fn an_entry_that_live_grants_need_comes_back_without_another_change() {
    let (team, entered) = mapped();
    team.bot_runs(T2, &["reconcile"]).done();
    // As the forge's own revert of the first grant's change leaves it, and as a hand that means well does.
    team.publish(FILE, MANIFEST);
    let told = team.bot_runs(T2, &["reconcile"]);
    assert!(told.err.contains(FILE) && told.err.contains("aws-auth"), "{}", told.err);
    assert_eq!(manifest(&team), entered);
    assert_eq!(team.grants().len(), 2);
    // It is put right once, and then quiet.
    let head = team.site().git(&["rev-parse", "main"]);
    team.bot_runs(T2, &["reconcile"]).done();
    assert_eq!(team.site().git(&["rev-parse", "main"]), head);
}

#[test]
fn an_entry_that_no_grant_needs_goes_and_what_others_keep_stays() {
    let (team, entered) = mapped();
    let others = "    # by hand\n    - userarn: arn:aws:iam::123456789012:user/ops\n      username: ops\n";
    let stale = "    # p0.dev/managed-by: p0-gitops\n    - userarn: arn:aws:iam::123456789012:user/mallory\n      username: \"mallory\"\n";
    team.publish(FILE, &format!("{entered}{others}{stale}"));
    let swept = team.site().sweep(T2);
    assert_eq!(swept.code, 2, "{}{}", swept.out, swept.err);
    assert!(swept.out.contains(FILE) && swept.out.contains("aws-auth"), "{}", swept.out);
    assert_eq!(manifest(&team), format!("{entered}{others}"));
    assert_eq!(team.grants().len(), 2);
    assert_eq!(team.site().sweep(T2).code, 0, "it is put right once");
}

/// A file in the grants folder that no key of base signed is no reason for an entry.
#[test]
fn a_grant_that_is_not_signed_gets_no_entry() {
    let (team, entered) = mapped();
    let [one, _] = &team.grants()[..] else { panic!("two grants") };
    let forged = team.grant(one).replace(one.as_str(), &"m".repeat(20)).replace("alice", "mallory");
    team.publish(&format!("clusters/{CLUSTER}/grants/{}.yaml", "m".repeat(20)), &forged);
    assert_eq!(team.site().sweep(T2).code, 2);
    assert_eq!((team.grants().len(), manifest(&team)), (2, entered));
}
