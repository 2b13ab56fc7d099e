//! The ConfigMap `aws-auth` of the test cluster, as its administrator keeps it and as AWS reads it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::{Api, ControlPlane};

const PATH: &str = "/api/v1/namespaces/kube-system/configmaps/aws-auth";

/// What a cluster's nodes need, with the marks of people who keep it by hand.
pub const NODES: &str = "# Managed node groups. Do not remove!\n- groups:\n  - system:bootstrappers\n  - system:nodes\n  rolearn: arn:aws:iam::123456789012:role/eksNodeRole\n  username: system:node:{{EC2PrivateDNSName}}\n";

/// People whom others have mapped.
pub const USERS: &str = "- userarn: arn:aws:iam::123456789012:user/ops # the operators\n  username: 'ops'\n  groups: [ops, \"on-call\"]\n- {userarn: \"arn:aws:iam::123456789012:user/bob\", username: bob@example.com}\n";

/// The data of a ConfigMap.
pub type Data = BTreeMap<String, String>;

/// The ConfigMap of the shared control plane.
#[derive(Clone)]
pub struct AwsAuthMap(Api);

impl AwsAuthMap {
    /// With nodes and the people of others.
    pub fn usual() -> Self {
        Self::with(&data(&[("mapRoles", NODES), ("mapUsers", USERS)]))
    }

    /// With this data.
    pub fn with(data: &Data) -> Self {
        let map = Self::absent();
        let metadata = json!({ "name": "aws-auth", "namespace": "kube-system" });
        map.0.must_create(
            &json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data }),
        );
        map
    }

    /// None at all.
    pub fn absent() -> Self {
        let api = ControlPlane::shared().admin();
        let (status, body) = api.call("DELETE", PATH);
        assert!(status == 200 || status == 404, "{body}");
        Self(api)
    }

    /// Its data now.
    pub fn data(&self) -> Data {
        serde_json::from_value(self.read()["data"].clone()).unwrap_or_default()
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        self.0.get(PATH) == 200
    }

    /// Merges `patch` into it.
    pub fn merge(&self, patch: &Value) {
        let (status, body) = self.0.send_json("PATCH", PATH, "application/merge-patch+json", patch);
        assert_eq!(status, 200, "{body}");
    }

    /// What other programs do: read all of it, change one key, write all of it, again where others were faster.
    pub fn change(&self, key: &str, change: impl Fn(&str) -> String) {
        loop {
            let mut all = self.read();
            let text = all["data"][key].as_str().unwrap_or_default().to_owned();
            all["data"][key] = change(&text).into();
            match self.0.send_json("PUT", PATH, "application/json", &all) {
                (200, _) => return,
                (409, _) => {}
                (status, body) => panic!("{status}: {body}"),
            }
        }
    }

    /// What a foreign writer does while others work: after each change of `mapUsers` that it sees, it changes `mapRoles`. Gives how
    /// often it did.
    pub fn change_beside(&self, change: impl Fn(&str, usize) -> String, done: impl Fn() -> bool) -> usize {
        let (mut seen, mut count) = (self.data().remove("mapUsers"), 0);
        while !done() {
            let users = self.data().remove("mapUsers");
            if users != seen {
                self.change("mapRoles", |roles| change(roles, count));
                (seen, count) = (users, count + 1);
            }
        }
        count
    }

    fn read(&self) -> Value {
        let (status, body) = self.0.call("GET", PATH);
        assert_eq!(status, 200, "{body}");
        body
    }
}

/// There is one such ConfigMap in a cluster, so a test that uses it keeps the others waiting.
pub fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Data of these keys.
pub fn data(pairs: &[(&str, &str)]) -> Data {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
