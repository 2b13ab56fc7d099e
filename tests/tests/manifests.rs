//! Grant files against those who take them: Go's YAML readers, Kubernetes' own validation, a real API server.
//!
//! Grants are full of awkward strings. What Kubernetes refuses must never pass our reader; what our reader refuses beyond
//! that is a list. `P0_GRANTS=100000 cargo test -p p0-tests --test manifests` tries more than the normal run.

use std::cell::{Cell, RefCell};

use p0_access::cluster::Cluster;
use p0_access::identity::Identities;
use p0_access::verifier::recompute;
use p0_grant::catalogue::Catalogue;
use p0_grant::digest::SubsetDigest;
use p0_grant::grant::Grant;
use p0_grant::manifest::Manifest;
use p0_grant::rule::Rule;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::yaml::{Limits, YamlError, read_all};
use p0_tests::{ControlPlane, Oracle};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

#[path = "../../grant/tests/strategies/grants.rs"]
mod strategies;

use strategies::grants;

fn runner(cases: u32) -> TestRunner {
    let cases = std::env::var("P0_GRANTS").map_or(cases, |text| text.parse().expect("a number"));
    let max_local_rejects = u32::MAX;
    TestRunner::new(Config { cases, max_local_rejects, failure_persistence: None, ..Config::default() })
}

fn for_each_of(cases: u32, check: impl Fn(&Manifest) -> Result<(), TestCaseError>) {
    runner(cases).run(&grants(), |grant: Grant| check(&Manifest::of(&grant).unwrap())).unwrap();
}

/// Signed with a key that everybody knows, so that the text is the same every time.
fn signed(manifest: &Manifest) -> Manifest {
    let key: ssh_key::PrivateKey = ssh_key::private::Ed25519Keypair::from_seed(&[0; 32]).into();
    let signature =
        Signature::make(Purpose::Grant, &key, manifest.signed_text().unwrap().as_bytes()).unwrap();
    manifest.clone().with_signature(signature).unwrap()
}

fn objects(text: &str) -> Result<Vec<Value>, YamlError> {
    read_all(text, Limits::FILE)
}

#[test]
fn gos_yaml_readers_see_the_very_strings_that_the_grant_has() {
    let oracle = RefCell::new(Oracle::start());
    for_each_of(4_000, |manifest| {
        let manifest = signed(manifest);
        let text = manifest.to_yaml().unwrap();
        let read = oracle.borrow_mut().read_yaml(&text);
        let ours = Value::Array(objects(&text).unwrap());
        for (reader, seen) in [("sigs.k8s.io/yaml", &read.sigs), ("v2", &read.v2), ("v3", &read.v3)] {
            prop_assert_eq!(seen, &ours, "{}", reader);
        }
        let (role, binding) = (&ours[0], &ours[1]);
        let claims = manifest.claims();
        prop_assert_eq!(&role["rules"], &json!(claims.rules));
        prop_assert_eq!(&role["metadata"]["name"], manifest.role_name());
        let said = &binding["metadata"]["annotations"];
        prop_assert_eq!(&said["p0.dev/role"], &claims.role.to_string());
        prop_assert_eq!(&said["p0.dev/selection"], &claims.selection.to_string());
        prop_assert_eq!(&said["p0.dev/signature"], claims.signature.as_ref().unwrap().armor());
        let flow = claims.workflow.as_ref();
        prop_assert_eq!(said["p0.dev/reason"].as_str(), flow.and_then(|flow| flow.reason.as_deref()));
        prop_assert_eq!(said["p0.dev/requester"].as_str(), flow.map(|flow| flow.requester.as_str()));
        let subject = claims.subject.to_string();
        prop_assert!(subject.ends_with(binding["subjects"][0]["name"].as_str().unwrap()), "{}", subject);
        Ok(())
    });
}

#[test]
fn kubernetes_own_validation_accepts_every_object() {
    let oracle = RefCell::new(Oracle::start());
    for_each_of(4_000, |manifest| {
        for object in objects(&signed(manifest).to_yaml().unwrap()).unwrap() {
            prop_assert_eq!(oracle.borrow_mut().validate(&object), [""; 0]);
        }
        Ok(())
    });
}

#[test]
fn a_real_api_server_stores_every_object_as_it_is() {
    let api = ControlPlane::shared().admin();
    for namespace in strategies::NAMESPACES {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
        let (status, body) = api.create(&namespace);
        assert!(status == 201 || body["reason"] == "AlreadyExists", "{body}");
    }
    for_each_of(200, |manifest| {
        for object in objects(&signed(manifest).to_yaml().unwrap()).unwrap() {
            let (status, stored) = api.create(&object);
            prop_assert_eq!(status, 201, "{}", stored);
            for field in ["rules", "roleRef", "subjects"] {
                prop_assert_eq!(&stored[field], &object[field]);
            }
            for field in ["annotations", "labels", "name"] {
                prop_assert_eq!(&stored["metadata"][field], &object["metadata"][field]);
            }
        }
        Ok(())
    });
}

/// What may stand in the place of any word of a file.
const BAD: &[&str] = &[
    "\"\"",
    "\"*\"",
    ".",
    "..",
    "a/b",
    "50%",
    "system:admin",
    "A_b",
    "-a",
    "a b",
    "Role",
    "ClusterRole",
    "User",
    "Group",
    "ServiceAccount",
    "get",
    "pods",
    "default",
    "\"null\"",
    "[]",
    "{}",
    "x.example.com/y",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

/// `text` with all that reads as one of its words replaced, as an attacker would who knows that the parts must agree.
fn replaced(text: &str, word: &Index, by: &str) -> String {
    let words: Vec<&str> = text.split(|letter: char| " \n,[]\"".contains(letter)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    with_right_digest(&text.replace(word.get(&words), by))
}

fn with_right_digest(text: &str) -> String {
    let Ok(objects) = objects(text) else { return text.to_owned() };
    let rules =
        objects.first().and_then(|role| serde_json::from_value::<Vec<Rule>>(role["rules"].clone()).ok());
    let Some(digest) = rules.map(|rules| SubsetDigest::of(&rules)) else { return text.to_owned() };
    let line = |line: &str| match line.split_once("p0.dev/subset-sha256: ") {
        Some((indent, _)) => format!("{indent}p0.dev/subset-sha256: {digest}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn nothing_that_kubernetes_refuses_passes_our_reader() {
    let oracle = RefCell::new(Oracle::start());
    let (read, refused) = (Cell::new(0), Cell::new(0));
    let edited = (grants(), any::<Index>(), select(BAD));
    let ran = runner(6_000).run(&edited, |(grant, word, by)| {
        let text = replaced(&Manifest::of(&grant).unwrap().to_yaml().unwrap(), &word, by);
        let Ok(objects) = objects(&text) else { return Ok(()) };
        let errors: Vec<String> =
            objects.iter().flat_map(|object| oracle.borrow_mut().validate(object)).collect();
        refused.set(refused.get() + u32::from(!errors.is_empty()));
        if Manifest::read(&text).is_ok() {
            read.set(read.get() + 1);
            prop_assert_eq!(errors, [""; 0], "{}", text);
        }
        Ok(())
    });
    ran.unwrap();
    // Both happen, or nothing was tried.
    assert!(read.get() > 100 && refused.get() > 100, "{} read, {} refused", read.get(), refused.get());
}

/// What Kubernetes would store and we refuse, and why.
const BEYOND: &[(&str, &str, &str)] = &[
    ("Kubernetes' own subjects", "name: alice", "name: system:admin"),
    ("several subjects", "subjects:\n", "subjects:\n- kind: ServiceAccount\n  name: a\n  namespace: b\n"),
    (
        "aggregation into other roles",
        "  labels:\n",
        "  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: \"true\"\n",
    ),
    (
        "aggregation of other roles",
        "rules:\n",
        "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\nrules:\n",
    ),
    ("what Flux replaces", "name: alice", "name: ${alice}"),
    ("what Argo CD's vault plugin replaces", "name: alice", "name: <path:alice>"),
    ("control characters", "name: alice", "name: \"a\\elice\""),
    ("text that turns its direction", "name: alice", "name: \"\\u202Ealice\""),
    ("all groups", "apiGroups: [apps]", "apiGroups: [\"*\"]"),
    ("all resources", "resources: [deployments]", "resources: [\"*\"]"),
    ("another object", "resourceNames: [web]", "resourceNames: [db]"),
    ("all objects", "  resourceNames: [web]\n", ""),
    ("rules on URLs", "rules:\n", "rules:\n- nonResourceURLs: [/metrics]\n  verbs: [get]\n"),
    (
        "no rules",
        "rules:\n- apiGroups: [apps]\n  resourceNames: [web]\n  resources: [deployments]\n  verbs: [get]\n",
        "rules: []\n",
    ),
    ("names of another form", "p0-view", "view"),
    ("other annotations", "  labels:\n", "    example.com/a: b\n  labels:\n"),
    ("other fields", "  labels:\n", "  finalizers: [example.com/a]\n  labels:\n"),
    (
        "another role",
        "  kind: ClusterRole\n  name: p0-view-Deployments-vpl5aqzpwnnqmnkrzze2",
        "  kind: ClusterRole\n  name: cluster-admin",
    ),
    ("another spelling", "kind: User", "kind: \"User\""),
];

const WEB: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  annotations:
    kustomize.toolkit.fluxcd.io/substitute: disabled
    p0.dev/created-at: \"2026-11-24T10:00:00Z\"
    p0.dev/expires-at: \"2026-11-24T14:00:00Z\"
    p0.dev/role: ClusterRole/view
    p0.dev/selection: apps/deployments default/web
    p0.dev/subset-sha256: recomputed
  labels:
    app.kubernetes.io/managed-by: p0-gitops
    p0.dev/grant: vpl5aqzpwnnqmnkrzze2
  name: p0-view-Deployments-vpl5aqzpwnnqmnkrzze2
rules:
- apiGroups: [apps]
  resourceNames: [web]
  resources: [deployments]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  annotations:
    kustomize.toolkit.fluxcd.io/substitute: disabled
    p0.dev/created-at: \"2026-11-24T10:00:00Z\"
    p0.dev/expires-at: \"2026-11-24T14:00:00Z\"
    p0.dev/role: ClusterRole/view
    p0.dev/selection: apps/deployments default/web
    p0.dev/subset-sha256: recomputed
  labels:
    app.kubernetes.io/managed-by: p0-gitops
    p0.dev/grant: vpl5aqzpwnnqmnkrzze2
  name: p0-view-Deployments-vpl5aqzpwnnqmnkrzze2-binding
  namespace: default
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: p0-view-Deployments-vpl5aqzpwnnqmnkrzze2
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: alice
";

#[test]
fn what_we_refuse_and_kubernetes_would_store_is_this_list() {
    let mut oracle = Oracle::start();
    let text = with_right_digest(WEB);
    Manifest::read(&text).unwrap();
    for (what, from, to) in BEYOND {
        assert!(text.contains(from), "{what}");
        let edited = with_right_digest(&text.replacen(from, to, 1));
        assert!(Manifest::read(&edited).is_err(), "{what} is read");
        for object in objects(&edited).unwrap() {
            assert_eq!(oracle.validate(&object), [""; 0], "{what}");
        }
    }
}

#[test]
fn the_documentations_example_is_made_anew_and_explained() {
    let page = include_str!("../../docs/grant-file.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let manifest = Manifest::read(example).unwrap();
    recompute(
        &manifest,
        &Cluster::new("prod".parse().unwrap()),
        &Catalogue::embedded().unwrap(),
        &Identities::default(),
    )
    .unwrap();
    assert_eq!(signed(&manifest).to_yaml().unwrap(), example);
    let annotations = example.lines().filter_map(|line| line.strip_prefix("    p0.dev/")?.split_once(": "));
    for (key, _) in annotations.filter(|(key, _)| *key != "grant") {
        assert!(page.contains(&format!("| `{key}` |")), "{key} is not explained");
    }
}
