//! The whole way: asked for, a pull request on Gitea, merged, applied by Flux to a real API server, used, and back to nothing.

use p0_grant::yaml::{Limits, read_all};
use p0_tests::ControlPlane;
use p0_tests::appliers::Flux;
use serde_json::{Value, json};

use crate::rig::*;

#[test]
fn merged_on_gitea_applied_by_flux_used_and_taken_away() {
    let plane = ControlPlane::shared();
    let flux = Flux::start(plane);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut rig = runtime.block_on(Rig::new("flux"));
    let show = |rig: &Rig, file: &str| rig.team.site().git(&["show", &format!("main:deploy/prod/{file}")]);
    for object in read_all::<Value>(&show(&rig, "applier-rbac.yaml"), Limits::FILE).unwrap() {
        let (status, body) = plane.admin().apply(&object);
        assert!(status < 300, "{body}");
    }
    flux.follow("gitea", &rig.repository.url(), &show(&rig, "flux.yaml"), None);
    let review = json!({
        "user": "alice@example.com",
        "resourceAttributes": {
            "group": "apps", "resource": "deployments", "verb": "get", "namespace": "default", "name": "web",
        },
    });
    let sync = |rig: &Rig| {
        flux.sync("gitea", rig.team.site().git(&["rev-parse", "main"]).trim());
        plane.admin().wait_for_authorizer();
        plane.admin().review(vec![review.clone()])
    };
    assert_eq!(sync(&rig), [false]);
    let id = runtime.block_on(rig.merged("web"));
    assert_eq!(sync(&rig), [true]);
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    assert_eq!(runtime.block_on(rig.round()), [] as [String; 0]);
    assert_eq!(sync(&rig), [false]);
    assert_eq!(rig.state(&id), "revoked");
}
