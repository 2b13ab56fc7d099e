//! The whole way: asked for, a pull request on Gitea, merged, applied by Flux to a real API server, used, and back to nothing.

use std::sync::OnceLock;

use p0_grant::yaml::{Limits, read_all};
use p0_tests::ControlPlane;
use p0_tests::appliers::Flux;
use p0_tests::team::Team;
use serde_json::{Value, json};

use crate::rig::*;

/// The one Flux of this process: two would apply the same repositories.
pub(crate) fn shared() -> &'static Flux {
    static FLUX: OnceLock<Flux> = OnceLock::new();
    FLUX.get_or_init(|| Flux::start(ControlPlane::shared()))
}

/// Lets Flux follow a team's repository, as the scaffold in it says.
pub(crate) fn follow(name: &str, team: &Team, url: &str) {
    // First: it makes the namespace that the scaffold's objects are in.
    let flux = shared();
    let show = |file: &str| team.site().git(&["show", &format!("main:deploy/prod/{file}")]);
    for object in read_all::<Value>(&show("applier-rbac.yaml"), Limits::FILE).unwrap() {
        let (status, body) = ControlPlane::shared().admin().apply(&object);
        assert!(status < 300, "{body}");
    }
    flux.follow(name, url, &show("flux.yaml"), None);
}

/// Whether Alice may read a deployment once the repository's base is applied.
pub(crate) fn may_read(flux: &str, team: &Team, deployment: &str) -> bool {
    let plane = ControlPlane::shared();
    let review = json!({
        "user": "alice@example.com",
        "resourceAttributes": {
            "group": "apps", "resource": "deployments", "verb": "get", "namespace": "default", "name": deployment,
        },
    });
    shared().sync(flux, team.site().git(&["rev-parse", "main"]).trim());
    plane.admin().wait_for_authorizer();
    plane.admin().review(vec![review]) == [true]
}

#[test]
fn merged_on_gitea_applied_by_flux_used_and_taken_away() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut rig = runtime.block_on(Rig::new("flux"));
    follow("gitea", &rig.team, &rig.repository.url());
    assert!(!may_read("gitea", &rig.team, "web"));
    let id = runtime.block_on(rig.merged("web"));
    assert!(may_read("gitea", &rig.team, "web"));
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    assert_eq!(runtime.block_on(rig.round()), [] as [String; 0]);
    assert!(!may_read("gitea", &rig.team, "web"));
    assert_eq!(rig.state(&id), "revoked");
}
