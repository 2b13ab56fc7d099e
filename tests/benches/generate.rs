//! How many unsigned grants one core makes in a second, from role and selection to the text. Fails below the limit.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use p0_grant::catalogue::Catalogue;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::locator::Locator;
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use p0_grant::plan::{Settings, plan};
use p0_grant::role::Role;
use p0_grant::selection::Selection;

const GRANTS: usize = 50_000;
const PER_SECOND: f64 = 20_000.0;

fn main() -> ExitCode {
    let catalogue = Catalogue::embedded().unwrap();
    let role = catalogue.role(&"admin".parse().unwrap()).unwrap();
    let locator = "deployment / default / nginx-deployment".parse::<Locator>().unwrap();
    let selection = locator.resolve(&catalogue).unwrap();

    let began = Instant::now();
    let bytes: usize = (0..GRANTS).map(|n| black_box(generate(n, role, &selection)).len()).sum();
    let rate = GRANTS as f64 / began.elapsed().as_secs_f64();
    println!(
        "`admin` on one deployment, {} bytes each: {rate:.0} of at least {PER_SECOND:.0} grants/s",
        bytes / GRANTS,
    );
    if rate >= PER_SECOND { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn generate(n: usize, role: &Role, selection: &Selection) -> String {
    let plan = plan(role, selection, &Settings::default()).unwrap();
    let grant = Grant::new(GrantSpec {
        id: GrantId::new(format!("{n:020}")).unwrap(),
        role: role.reference().clone(),
        selection: selection.clone(),
        plan: &plan,
        subject: "alice@example.com".parse().unwrap(),
        iam: None,
        created_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        expires_at: "2026-11-24T14:00:00Z".parse().unwrap(),
        managed_by: ManagedBy::P0Gitops,
        role_object: RoleObject::ClusterRole,
        prefix: NamePrefix::default(),
        workflow: Some(Workflow {
            cluster: "prod".to_owned(),
            requester: "alice@example.com".to_owned(),
            approvers: vec!["bob@example.com".to_owned()],
            merge_before: Some("2026-11-24T11:00:00Z".parse().unwrap()),
            reason: Some("the rollout hangs: no pod is ready".to_owned()),
            ..Workflow::default()
        }),
    });
    Manifest::of(&grant.unwrap()).unwrap().to_yaml().unwrap()
}
