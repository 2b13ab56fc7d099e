//! The merge of `aws-auth` in a manifest file: what comes out, that everything else stays, and that removal gives the bytes
//! back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::file::{AwsAuthFile, FileAddition};
use p0_grant::aws_auth::{FileProblem, MappedBy, Owner, Refusal};
use p0_grant::mapping::Mapping;

const ALICE: &str = "arn:aws:iam::123456789000:user/alice";
const BOB: &str = "arn:aws:iam::123456789000:user/bob";
const CAROL: &str =
    "arn:aws:sts::123456789000:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol@example.com";

/// As the seed shows it, before.
const SEED: &str = "apiVersion: v1
data:
  mapRoles: |
    - groups:
      - system:bootstrappers
      - system:nodes
      rolearn: arn:aws:iam::123456789000:role/eksNodeRole
      username: system:node:{{EC2PrivateDNSName}}
kind: ConfigMap
metadata:
  name: aws-auth
  namespace: kube-system
";

fn mapping(arn: &str) -> Mapping {
    let name = if arn == CAROL { CAROL } else { arn.rsplit('/').next().unwrap() };
    Mapping::new(IamIdentity::read(arn).unwrap().0, name).unwrap()
}

fn add(file: &str, arn: &str) -> String {
    match AwsAuthFile::read(file).unwrap().add(&mapping(arn), Owner::P0Gitops) {
        Ok(FileAddition::Edited(text)) => text,
        other => panic!("{file}: {other:?}"),
    }
}

fn remove(file: &str, arn: &str) -> String {
    let read = AwsAuthFile::read(file).unwrap();
    let removed = read.remove(mapping(arn).identity(), Owner::P0Gitops);
    removed.unwrap_or_else(|refusal| panic!("{file}: {refusal}")).unwrap()
}

#[test]
fn the_seeds_file_comes_out_as_the_seed_shows_it() {
    let after = add(SEED, ALICE);
    let added = "  mapUsers: |
    # p0.dev/managed-by: p0-gitops
    - userarn: arn:aws:iam::123456789000:user/alice
      username: \"alice\"
";
    assert_eq!(after, SEED.replace("kind: ConfigMap", &format!("{added}kind: ConfigMap")));
    assert_eq!(remove(&after, ALICE), SEED);
}

/// Files before, with `USERS` for the lines of `mapUsers`.
fn files() -> Vec<String> {
    let head = "# ours\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\n  annotations: {a: 'b'}\n";
    let roles = "  mapRoles: |\n    - rolearn: arn:aws:iam::1:role/r # nodes\n      username: system:node:{{EC2PrivateDNSName}}\n";
    let other = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: aws-auth}\nstringData: {x: \"y\"}\n";
    let users = [
        "",
        "  mapUsers: |\n",
        "  mapUsers: |\n    []\n",
        "  mapUsers: |\n    # none\n",
        "  mapUsers: |\n    ``\n\n",
        "  mapUsers: |\n    - userarn: arn:aws:iam::1:user/x\n      username: x\n",
        "  mapUsers: |\n      - userarn: arn:aws:iam::1:user/x\n        username: x\n\n        groups: [a]\n",
        "  mapUsers: |-\n    - userarn: arn:aws:iam::1:user/x\n      username: x\n\n\n",
        "  mapUsers: |+ # kept\n    - userarn: arn:aws:iam::1:user/x\n      username: x\n\n\n",
        "  mapUsers: |\n    [{\"userarn\": \"arn:aws:iam::1:user/x\", \"username\": \"x\"}]\n",
        "  mapUsers: |2\n    - userarn: arn:aws:iam::1:user/x\n      username: x\n",
        "  mapUsers: |\n    - userarn: arn:aws:iam::1:user/x\n      username: x\n# a comment below\n\n",
    ];
    let mut files = Vec::new();
    for users in users {
        files.push(format!("{head}data:\n{roles}{users}"));
        files.push(format!("{head}data:\n{users}{roles}  mapAccounts: |\n    - \"999999999999\"\n\n{other}"));
        files.push(format!("{other}---\ndata: # all\n{users}{roles}{head}").replace('\n', "\r\n"));
    }
    files
}

#[test]
fn adding_and_removing_in_either_order_gives_the_file_back() {
    for file in files() {
        for (one, two) in [(ALICE, BOB), (ALICE, CAROL), (CAROL, BOB)] {
            let first = add(&file, one);
            let both = add(&first, two);
            assert_eq!(remove(&first, one), file, "{first}");
            assert_eq!(remove(&both, two), first, "{both}");
            let second = remove(&both, one);
            assert_eq!(second, add(&file, two), "{both}");
            assert_eq!(remove(&second, two), file, "{second}");
        }
    }
}

#[test]
fn an_existing_mapping_is_used_and_the_file_stays() {
    let file = add(SEED, ALICE);
    let again = AwsAuthFile::read(&file).unwrap().add(&mapping(ALICE), Owner::TerraformProviderP0).unwrap();
    assert_eq!(again, FileAddition::Mapped(MappedBy::Owner(Owner::P0Gitops)));
    let read = AwsAuthFile::read(&file).unwrap();
    assert_eq!(read.remove(mapping(BOB).identity(), Owner::P0Gitops).unwrap(), None);
    assert!(read.remove(mapping(ALICE).identity(), Owner::TerraformProviderP0).is_err());
}

#[test]
fn files_that_cannot_be_edited_are_refused() {
    let refused = |file: &str| match AwsAuthFile::read(file) {
        Err(Refusal::File(problem)) => problem,
        other => panic!("{file}: {other:?}"),
    };
    let data = "data:\n  mapRoles: |\n";
    assert_eq!(refused(""), FileProblem::Absent);
    assert_eq!(refused(SEED.trim_end()), FileProblem::NoLineEnd);
    assert_eq!(refused(&SEED.replace("kube-system", "default")), FileProblem::Absent);
    assert_eq!(refused(&format!("{SEED}---\n{SEED}")), FileProblem::Twice);
    assert_eq!(refused(&format!("{SEED}immutable: true\n")), FileProblem::Immutable);
    assert_eq!(refused(&SEED.replace(": |", ": >")), FileProblem::NotLiteral(p0_grant::aws_auth::Key::Roles));
    assert_eq!(
        refused("kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n"),
        FileProblem::Data
    );
    let flow = "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {a: b}\n";
    assert_eq!(refused(flow), FileProblem::Data);
    for broken in [SEED.replace(data, "data: [\n"), SEED.replace("v1", "&a v1"), SEED.replace("v1", "!x v1")]
    {
        assert!(matches!(refused(&broken), FileProblem::Yaml { .. }), "{broken}");
    }
    for mixed in [SEED.replacen('\n', "\r\n", 1), SEED.replacen("v1", "v1\r", 1)] {
        assert_eq!(refused(&mixed), FileProblem::MixedLineEnds);
    }
    let doubled = SEED.replace("kind: ConfigMap\n", "kind: ConfigMap\nkind: ConfigMap\n");
    assert!(matches!(refused(&doubled), FileProblem::Yaml { .. }));
}
