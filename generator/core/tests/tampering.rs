//! Tampering: every way we know of changing a proposed grant by hand, each refused for the right reason.
//!
//! Three attackers: one who edits the file, one who also has the bot's signing key, and one who sends other files along.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

#[path = "tampering/eks.rs"]
mod eks;
#[path = "tampering/rig.rs"]
mod rig;

use std::collections::BTreeSet;
use std::sync::Arc;

use p0_access::change::{File, FileChange, FileMode};
use p0_access::companion::CompanionFile;
use p0_access::layout::Companion;
use p0_access::verifier::{Base, ClusterBase};
use p0_grant::grant::{GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use p0_grant::signature::Signature;
use rig::*;

#[test]
fn untouched_proposals_pass() {
    for (role, locator, subresources) in [
        ("view", "deployment / default / nginx-deployment", &[] as &[&str]),
        ("edit", "configmap / default / settings", &[]),
        ("view", "pod / default / *", &["log"]),
        ("view", "deployment / default / *", &["scale", "status"]),
        ("cluster-admin", "deployment / default / web", &[]),
        ("view", "namespace / default", &[]),
    ] {
        let made = Made { role, locator, subresources, ..Made::default() };
        assert_eq!(codes(&[added(PATH, made.text())], &base()), BTreeSet::new(), "{role} on {locator}");
    }
}

/// The first attacker: every line of the file, edited in every one of these ways.
#[test]
fn no_edit_of_any_line_passes() {
    let text = Made::default().text();
    let lines: Vec<&str> = text.lines().collect();
    let mut tried = 0;
    for (index, line) in lines.iter().enumerate() {
        let own = |words: &[String]| words.to_vec();
        for (name, replacement) in [
            ("dropped", own(&[])),
            ("doubled", own(&[(*line).to_owned(), (*line).to_owned()])),
            ("longer", own(&[format!("{line}x")])),
            ("shorter", own(&[line.chars().take(line.chars().count() - 1).collect()])),
            ("commented", own(&[format!("{line} # harmless")])),
            ("indented", own(&[format!("  {line}")])),
            ("with a blank behind", own(&[format!("{line} ")])),
            ("with a carriage return", own(&[format!("{line}\r")])),
            ("after an empty line", own(&[String::new(), (*line).to_owned()])),
            ("in other capitals", own(&[swap_case(line)])),
        ] {
            let mut edited: Vec<String> = lines.iter().map(ToString::to_string).collect();
            edited.splice(index..=index, replacement);
            let edited = edited.join("\n") + "\n";
            if edited == text {
                continue;
            }
            let found = codes(&[added(PATH, edited.as_str())], &base());
            let reason = found.iter().any(|code| matches!(*code, "unreadable" | "signature" | "unsigned"));
            assert!(reason, "line {} {name}: {found:?}\n{edited}", index + 1);
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried} edits");
}

fn swap_case(line: &str) -> String {
    let swap = |letter: char| {
        if letter.is_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
    };
    line.chars().map(swap).collect()
}

#[test]
fn each_trick_of_yaml_is_refused_as_unreadable() {
    let text = Made::default().text();
    let swap = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let verbs = "verbs: [get, list, watch]";
    for (name, edited) in [
        ("a byte order mark", format!("\u{feff}{text}")),
        ("a directive", format!("%YAML 1.2\n---\n{text}")),
        ("a document marker", format!("---\n{text}")),
        ("an end marker", format!("{text}...\n")),
        ("a third document", format!("{text}---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n")),
        ("the grant twice", format!("{text}---\n{text}")),
        ("an empty document", text.replacen("---\n", "---\n---\n", 1)),
        ("an anchor", swap(verbs, "verbs: &v [get, list, watch]")),
        ("a tag", swap("name: alice@example.com", "name: !!str alice@example.com")),
        ("a merge key", swap("rules:\n", "<<: {}\nrules:\n")),
        ("a block list", swap(verbs, "verbs:\n  - get\n  - list\n  - watch")),
        ("quotes", swap("kind: User", "kind: 'User'")),
        ("double quotes", swap("kind: User", "kind: \"User\"")),
        ("an escape", swap("name: alice@example.com", "name: \"\\x61lice@example.com\"")),
        ("a folded string", swap("name: alice@example.com", "name: >-\n    alice@example.com")),
        (
            "a second subject",
            format!("{text}- apiGroup: rbac.authorization.k8s.io\n  kind: User\n  name: mallory\n"),
        ),
        ("a second key", swap("name: alice@example.com", "name: alice@example.com\n  name: mallory")),
        (
            "another order",
            swap("  kind: User\n  name: alice@example.com", "  name: alice@example.com\n  kind: User"),
        ),
        ("an unknown field", swap("rules:\n", "immutable: false\nrules:\n")),
        ("an aggregation rule", swap("rules:\n", "aggregationRule: {}\nrules:\n")),
        (
            "an aggregating label",
            swap("  labels:\n", "  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: \"true\"\n"),
        ),
        ("a foreign annotation", swap("  annotations:\n", "  annotations:\n    a: b\n")),
        ("a foreign label", swap("  labels:\n", "  labels:\n    a: b\n")),
        ("owner references", swap("  labels:\n", "  ownerReferences: []\n  labels:\n")),
        ("finalizers", swap("  labels:\n", "  finalizers: [x/y]\n  labels:\n")),
        ("no last line feed", text.trim_end().to_owned()),
        ("one line feed too many", format!("{text}\n")),
        ("tabs", swap("  labels:", "\tlabels:")),
        ("nothing", String::new()),
        ("not YAML", "{{{{".to_owned()),
        ("a very long file", format!("{text}{}", "# x\n".repeat(400_000))),
        ("a deep file", format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000))),
    ] {
        assert_eq!(codes(&[added(PATH, edited)], &base()), BTreeSet::from(["unreadable"]), "{name}");
    }
    assert_eq!(
        codes(&[added(PATH, vec![0xff, 0xfe, 0x00])], &base()),
        BTreeSet::from(["unreadable"]),
        "not text"
    );
}

#[test]
fn claims_that_were_changed_no_longer_match_their_signature() {
    let text = Made::default().text();
    for (from, to) in [
        ("p0.dev/requester: alice@example.com", "p0.dev/requester: mallory@example.com"),
        ("p0.dev/approvers: bob@example.com", "p0.dev/approvers: mallory@example.com"),
        ("p0.dev/reason: the rollout hangs", "p0.dev/reason: for fun"),
        ("p0.dev/merge-before: \"2026-11-24T11", "p0.dev/merge-before: \"2026-12-24T11"),
        ("  name: alice@example.com", "  name: mallory@example.com"),
        ("  kind: User", "  kind: Group"),
        ("T14:00:00Z", "T15:00:00Z"),
        ("T10:00:00Z", "T10:00:01Z"),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(
            codes(&[added(PATH, text.replace(from, to))], &base()),
            BTreeSet::from(["signature"]),
            "{to}"
        );
    }
}

#[test]
fn signatures_that_do_not_count_are_refused() {
    let manifest = Made::default().unsigned();
    let other = Made { locator: "deployment / default / other", ..Made::default() };
    let other = sign(other.unsigned(), 1).claims().signature.clone().unwrap();
    let login =
        key(1).sign("git", ssh_key::HashAlg::Sha512, manifest.signed_text().unwrap().as_bytes()).unwrap();
    let login = Signature::read(&login.to_pem(ssh_key::LineEnding::LF).unwrap()).unwrap();
    let signed = |signature| manifest.clone().with_signature(signature).unwrap().to_yaml().unwrap();
    let armor = "U1NIU0lH";
    assert!(Made::default().text().contains(armor));
    for (name, text, expected) in [
        ("none", manifest.to_yaml().unwrap(), "unsigned"),
        ("by a stranger", sign(manifest.clone(), 2).to_yaml().unwrap(), "signature"),
        ("over another grant", signed(other), "signature"),
        ("for another purpose", signed(login), "signature"),
        ("no signature at all", Made::default().text().replace(armor, "trust me"), "signature"),
    ] {
        assert_eq!(codes(&[added(PATH, text)], &base()), BTreeSet::from([expected]), "{name}");
    }
}

/// The second attacker has the bot's key, and signs what base does not give.
#[test]
fn a_good_signature_does_not_help_against_base_and_the_clock() {
    fn flow<'s>(spec: &'s mut GrantSpec<'_>) -> &'s mut Workflow {
        spec.workflow.as_mut().unwrap()
    }
    let cases: [(&str, Change, &[&str]); 11] = [
        ("another product", |spec| spec.managed_by = ManagedBy::TerraformProviderP0, &["differs", "product"]),
        ("another prefix", |spec| spec.prefix = NamePrefix::new("jit").unwrap(), &["differs"]),
        ("another role object", |spec| spec.role_object = RoleObject::Role, &["differs"]),
        ("no workflow", |spec| spec.workflow = None, &["missing"]),
        ("another cluster", |spec| flow(spec).cluster = "staging".to_owned(), &["cluster"]),
        ("no merge-before", |spec| flow(spec).merge_before = None, &["missing"]),
        ("too late", |spec| flow(spec).merge_before = Some(NOW.parse().unwrap()), &["too-late"]),
        ("expired", |spec| spec.expires_at = NOW.parse().unwrap(), &["expired"]),
        ("too long", |spec| spec.expires_at = "2026-12-24T10:00:00Z".parse().unwrap(), &["too-long"]),
        (
            "the future",
            |spec| spec.created_at = "2026-11-24T10:40:00Z".parse().unwrap(),
            &["from-the-future"],
        ),
        ("another id", |spec| spec.id = GrantId::new("a".repeat(20)).unwrap(), &["file-name"]),
    ];
    for (name, change, expected) in cases {
        let made = Made { change, ..Made::default() };
        assert_eq!(codes(&[added(PATH, made.text())], &base()), expected.iter().copied().collect(), "{name}");
    }
    for (role, locator, expected) in [
        ("cluster-admin", "rolebindings.rbac.authorization.k8s.io / default / *", "plan"),
        ("system:node", "pod / default / *", "plan"),
        ("view", "deployment / kube-system / coredns", "plan"),
        // The applier would fail on it, and with it every revocation.
        ("view", "deployment / nowhere / web", "namespace"),
    ] {
        let made = Made { role, locator, ..Made::default() };
        assert_eq!(
            codes(&[added(PATH, made.text())], &base()),
            BTreeSet::from([expected]),
            "{role} on {locator}"
        );
    }
}

/// Rules that were widened, with digest and signature made anew: only the catalogue tells.
#[test]
fn widened_rules_differ_from_what_the_role_gives() {
    let wider = Made { role: "edit", ..Made::default() }.unsigned().to_yaml().unwrap();
    let claimed = wider.replace("ClusterRole/edit", "ClusterRole/view").replace("p0-edit-", "p0-view-");
    let made = sign(Manifest::read(&claimed).unwrap(), 1).to_yaml().unwrap();
    assert_eq!(codes(&[added(PATH, made)], &base()), BTreeSet::from(["differs"]));
}

/// The third attacker sends other files along, or puts the grant somewhere else.
#[test]
fn other_files_and_other_places_are_refused() {
    let at = |path: &str| added(path, Made::default().text());
    let folder = "clusters/prod/grants";
    for (name, change, expected) in [
        ("signers besides", vec![good(), added("p0/allowed_signers", "me")], "mixed-change"),
        ("the catalogue besides", vec![good(), added("clusters/prod/catalogue.yaml", "x")], "mixed-change"),
        ("settings besides", vec![good(), added("clusters/prod/p0-cluster.yaml", "x")], "mixed-change"),
        ("a workflow besides", vec![good(), added(".github/workflows/x.yml", "x")], "mixed-change"),
        ("a readme besides", vec![good(), added("README.md", "x")], "mixed-change"),
        ("CODEOWNERS gone besides", vec![good(), removed("CODEOWNERS")], "mixed-change"),
        ("another name", vec![at(&format!("{folder}/aaaaaaaaaaaaaaaaaaaa.yaml"))], "file-name"),
        ("another ending", vec![at(&format!("{folder}/{ID}.yml"))], "foreign-file"),
        ("no ending", vec![at(&format!("{folder}/{ID}"))], "foreign-file"),
        ("capitals", vec![at(&format!("{folder}/VPL5AQZPWNNQMNKRZZE2.yaml"))], "foreign-file"),
        ("a deeper folder", vec![at(&format!("{folder}/a/{ID}.yaml"))], "foreign-file"),
        ("a folder in capitals", vec![at(&format!("clusters/prod/Grants/{ID}.yaml"))], "foreign-file"),
        (
            "Flux's ignore file",
            vec![good(), added("clusters/prod/grants/.sourceignore", "*")],
            "foreign-file",
        ),
        (
            "Argo CD's override",
            vec![good(), added("clusters/prod/grants/.argocd-source.yaml", "x")],
            "foreign-file",
        ),
        ("another manifest", vec![good(), added("clusters/prod/grants/extra.yaml", "x")], "foreign-file"),
        (
            "a new kustomization",
            vec![good(), added("clusters/prod/grants/kustomization.yaml", "x")],
            "kustomization",
        ),
        ("the folder as a file", vec![good(), added(folder, "x")], "foreign-file"),
        ("the cluster as a file", vec![good(), added("clusters/prod", "x")], "foreign-file"),
        ("no sentinel", vec![good(), removed("clusters/prod/grants/sentinel.yaml")], "sentinel"),
        ("another sentinel", vec![added("clusters/prod/grants/sentinel.yaml", "x")], "sentinel"),
        ("an unknown cluster", vec![at(&format!("clusters/staging/grants/{ID}.yaml"))], "base"),
    ] {
        let found = codes(&change, &base());
        assert!(found.contains(expected), "{name}: {found:?}");
    }
}

#[test]
fn modes_links_and_edits_in_place_are_refused() {
    let bytes = Made::default().text().into_bytes();
    let file = |mode| File { mode, bytes: bytes.clone() };
    for mode in [FileMode::Executable, FileMode::Link, FileMode::Submodule, FileMode::Other(0o100_664)] {
        let change = FileChange { path: PATH.to_owned(), before: None, after: Some(file(mode)) };
        assert!(codes(&[change], &base()).contains("file-mode"), "{mode:?}");
    }
    let longer =
        Made { change: |spec| spec.expires_at = "2026-11-24T20:00:00Z".parse().unwrap(), ..Made::default() };
    for after in [file(FileMode::Executable), regular(longer.text())] {
        let change =
            FileChange { path: PATH.to_owned(), before: Some(file(FileMode::Regular)), after: Some(after) };
        assert!(codes(&[change], &base()).contains("changed-in-place"));
    }
}

#[test]
fn an_id_never_rises_again_and_stands_once() {
    let mut base = base();
    base.used.insert(GrantId::new(ID).unwrap());
    assert_eq!(codes(&[good()], &base), BTreeSet::from(["used-id"]));
    let twice = [good(), added("clusters/staging/grants/vpl5aqzpwnnqmnkrzze2.yaml", Made::default().text())];
    assert!(codes(&twice, &self::base()).contains("used-id"));
}

#[test]
fn a_base_that_cannot_be_read_lets_nothing_in_and_everything_out() {
    fn known(base: &mut Base) -> &mut ClusterBase {
        base.clusters.values_mut().next().unwrap()
    }
    let breaks: [(&str, Spoil); 5] = [
        ("no signers", |base| base.signers = None),
        ("broken signers", |base| base.signers = Some(Err("line 1".to_owned()))),
        ("no cluster", |base| base.clusters.clear()),
        ("broken settings", |base| known(base).settings = Err("line 1".to_owned())),
        ("broken catalogue", |base| known(base).catalogue = Err("line 1".to_owned())),
    ];
    for (name, spoil) in breaks {
        let mut base = base();
        spoil(&mut base);
        assert!(codes(&[good()], &base).contains("base"), "{name}");
        assert_eq!(codes(&[removed(PATH)], &base), BTreeSet::new(), "{name}");
    }
}

#[test]
fn revoked_and_expired_keys_do_not_count_however_the_grant_is_dated() {
    for (options, expected) in [
        ("valid-before=\"20261124Z\" ", Some("signature")),
        ("valid-before=\"202611241015Z\" ", Some("signature")),
        ("valid-after=\"202611241015Z\" ", Some("signature")),
        ("valid-after=\"20261124Z\",valid-before=\"20261125Z\" ", None),
        ("namespaces=\"git\" ", Some("signature")),
    ] {
        let base = Base { signers: signers(options), ..base() };
        assert_eq!(codes(&[good()], &base), expected.into_iter().collect(), "{options}");
    }
}

#[test]
fn a_kustomization_changes_by_the_grants_own_lines_and_nothing_else() {
    const LIST: &str = "resources:\n- sentinel.yaml\n";
    let path = "clusters/prod/grants/kustomization.yaml";
    let mut base = base();
    let file = CompanionFile { path: path.to_owned(), text: Arc::new(LIST.to_owned()) };
    base.clusters
        .values_mut()
        .for_each(|known| drop(known.companions.insert(Companion::Kustomization, file.clone())));
    let becomes = |after: &str| FileChange {
        path: path.to_owned(),
        before: Some(regular(LIST)),
        after: Some(regular(after)),
    };
    let line = format!("- {ID}.yaml\n");
    assert_eq!(codes(&[good(), becomes(&format!("{LIST}{line}"))], &base), BTreeSet::new());
    for (name, change) in [
        ("no line", vec![good()]),
        ("another line besides", vec![good(), becomes(&format!("{LIST}{line}- ../evil.yaml\n"))]),
        ("a namespace", vec![good(), becomes(&format!("namespace: x\n{LIST}{line}"))]),
        ("the sentinel's line gone", vec![good(), becomes(&format!("resources:\n{line}"))]),
        ("the file gone", vec![good(), removed(path)]),
        ("a line without a grant", vec![becomes(&format!("{LIST}- ../evil.yaml\n"))]),
        ("a namespace without a grant", vec![becomes(&format!("namespace: x\n{LIST}"))]),
        ("the file gone without a grant", vec![removed(path)]),
    ] {
        assert_eq!(codes(&change, &base), BTreeSet::from(["kustomization"]), "{name}");
    }
}
