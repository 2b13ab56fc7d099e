//! The merge of `aws-auth` on texts that people keep: what comes out, what is refused, and that removal gives the bytes back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;

use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::{Addition, AwsAuth, Edit, Key, MappedBy, Owner, Problem, Refusal};
use p0_grant::mapping::Mapping;

type Data = BTreeMap<String, String>;

const ALICE: &str = "arn:aws:iam::123456789000:user/alice";
const BOB: &str = "arn:aws:iam::123456789000:user/bob";
const SSO: &str =
    "arn:aws:sts::123456789000:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol@example.com";
const NODES: &str = "- groups:\n  - system:bootstrappers\n  - system:nodes\n  rolearn: arn:aws:iam::123456789000:role/eksNodeRole\n  username: system:node:{{EC2PrivateDNSName}}\n";

fn identity(arn: &str) -> IamIdentity {
    IamIdentity::read(arn).unwrap().0
}

fn mapping(arn: &str, name: &str) -> Mapping {
    Mapping::new(identity(arn), name).unwrap()
}

fn data(pairs: &[(&str, &str)]) -> Data {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn edited(data: &Data, edit: &Edit) -> Data {
    let mut data = data.clone();
    match edit.after() {
        Some(text) => data.insert(edit.key().name().to_owned(), text.to_owned()),
        None => data.remove(edit.key().name()),
    };
    data
}

fn add(data: &Data, mapping: &Mapping) -> Data {
    match AwsAuth::read(data).unwrap().add(mapping, Owner::P0Gitops).unwrap() {
        Addition::Edit(edit) => edited(data, &edit),
        other => panic!("{other:?}"),
    }
}

fn remove(data: &Data, arn: &str) -> Data {
    let edit = AwsAuth::read(data).unwrap().remove(&identity(arn), Owner::P0Gitops).unwrap().unwrap();
    edited(data, &edit)
}

fn refused(data: &Data, mapping: &Mapping) -> Refusal {
    AwsAuth::read(data).unwrap().add(mapping, Owner::P0Gitops).unwrap_err()
}

#[test]
fn the_seeds_example_comes_out_as_the_seed_shows_it() {
    let before = data(&[("mapRoles", NODES)]);
    let after = add(&before, &mapping(ALICE, "alice@example.com"));
    assert_eq!(after["mapRoles"], NODES);
    let entry =
        "- userarn: arn:aws:iam::123456789000:user/alice\n  username: \"alice@example.com\"\n".to_owned();
    assert_eq!(after["mapUsers"], "# p0.dev/managed-by: p0-gitops\n".to_owned() + &entry);
    assert_eq!(remove(&after, ALICE), before);
}

#[test]
fn an_identity_center_user_is_mapped_by_role_and_session() {
    let before = data(&[("mapRoles", NODES)]);
    let after = add(&before, &mapping(SSO, SSO));
    assert!(!after.contains_key("mapUsers"));
    let added = after["mapRoles"].strip_prefix(NODES).unwrap();
    let role = "AWSReservedSSO_Dev_0123456789abcdef";
    assert_eq!(
        added,
        format!(
            "# p0.dev/managed-by: p0-gitops\n- rolearn: arn:aws:iam::123456789000:role/{role}\n  username: \"arn:aws:sts::123456789000:assumed-role/{role}/{{{{SessionNameRaw}}}}\"\n"
        )
    );
    assert_eq!(remove(&after, SSO), before);
}

/// Texts of `mapUsers` before; each takes two entries, which go in either order.
const TEXTS: &[&str] = &[
    "",
    "\n",
    " \n\n",
    "``",
    "``\n",
    "\"\"",
    "''\n",
    "[]",
    "[]\n",
    " [ ] # none\n",
    "[\n]\n",
    "# none yet\n",
    "---\n# none yet\n",
    "# no line end",
    "- userarn: arn:aws:iam::1:user/x\n  username: x",
    "- userarn: arn:aws:iam::1:user/x\n  username: x\n",
    "- userarn: arn:aws:iam::1:user/x\n  username: x\n\n\n",
    "- userarn: arn:aws:iam::1:user/x\n  username: x\n   ",
    "---\n- userarn: arn:aws:iam::1:user/x # why\n  username: 'x'\n  groups: [a, \"b\"]\n# end",
    "  - userarn: arn:aws:iam::1:user/x\n    username: x\n    groups:\n    - a\n      # in between\n    - b\n",
    "- userarn: arn:aws:iam::1:user/x\r\n  username: x\r\n",
    "- userarn: arn:aws:iam::1:user/x\r\n  username: x",
    "-\n  USERARN: arn:aws:iam::1:user/x\n  Username: x\n  groups:\n    - a\n  note: 5\n  more: [1, {a: b}]\n",
    "- {\"userarn\": \"arn:aws:iam::1:user/x\", \"username\": \"x\"}\n",
    "[{\"userarn\":\"arn:aws:iam::1:user/x\",\"username\":\"x\",\"groups\":[\"a\"]}]",
    "[{\"userarn\":\"arn:aws:iam::1:user/x\",\"username\":\"x\"},]\n",
    "[\n  {\n    \"userarn\": \"arn:aws:iam::1:user/x\",\n    \"username\": \"x\"\n  } # last\n]\n",
    "[{userarn: arn:aws:iam::1:user/x, username: x}\r\n]\r\n",
];

#[test]
fn adding_and_removing_in_either_order_gives_the_bytes_back() {
    let (alice, bob) = (mapping(ALICE, "alice"), mapping(BOB, "bob"));
    for text in TEXTS {
        let before = data(&[("mapRoles", NODES), ("mapUsers", text)]);
        let one = add(&before, &alice);
        let two = add(&one, &bob);
        assert_eq!(remove(&one, ALICE), before, "{text:?}");
        assert_eq!(remove(&two, BOB), one, "{text:?}");
        let other = remove(&two, ALICE);
        assert_eq!(other, add(&before, &bob), "{text:?}");
        assert_eq!(remove(&other, BOB), before, "{text:?}");
        for after in [&one, &two, &other] {
            assert_eq!(after["mapRoles"], NODES);
        }
        let held = AwsAuth::read(&two).unwrap();
        assert_eq!(held.owned_arns(Owner::P0Gitops), [ALICE, BOB]);
        assert!(held.owned_arns(Owner::TerraformProviderP0).is_empty());
        let again = held.add(&alice, Owner::TerraformProviderP0).unwrap();
        assert_eq!(again, Addition::Mapped(MappedBy::Owner(Owner::P0Gitops)), "{text:?}");
    }
}

/// Texts that some reader takes otherwise, and the line that is named.
const REFUSED: &[(&str, usize)] = &[
    ("- userarn:\tx\n", 1),
    ("- userarn: a\n  username: x\n\tgroups: [a]\n", 3),
    ("- userarn: &a x\n", 1),
    ("- userarn: *a\n", 1),
    ("- !!map\n  userarn: x\n", 1),
    ("- userarn: |\n    x\n", 1),
    ("- userarn: x\n  username: >-\n    x\n", 2),
    ("- userarn: x\n  username: yes\n", 2),
    ("- userarn: x\n  username: 123\n", 2),
    ("- userarn: x\n  username: 1e3\n", 2),
    ("- userarn: x\n  username: {{SessionName}}\n", 2),
    ("- userarn: x\n  username: two\n    lines\n", 3),
    ("- userarn: x\n  username: \"two\n    lines\"\n", 2),
    ("- userarn: x\n  groups: a\n", 2),
    ("- userarn: x\n  groups: [a, null]\n", 2),
    ("- userarn: x\n  groups:\n  - 1\n", 2),
    ("- userarn: x\n  UserARN: y\n", 2),
    ("- userarn: x\n  <<: {a: b}\n", 2),
    ("- userarn: x\n  ? a\n  : b\n", 2),
    ("- userarn: x\n username: y\n", 2),
    ("- userarn: x\n   username: y\n", 2),
    ("- userarn: x\n- username: y\n", 2),
    ("- username: y\n", 1),
    ("- \n", 1),
    ("- text\n", 1),
    ("userarn: x\n", 1),
    ("null\n", 1),
    ("{}\n", 1),
    ("- userarn: x\n---\n- userarn: y\n", 2),
    ("- userarn: x\n...\n", 2),
    ("%YAML 1.1\n---\n- userarn: x\n", 1),
    ("- userarn: x\u{85}  username: y\n", 1),
    ("\u{feff}- userarn: x\n", 1),
    ("- userarn: x\rz\n", 1),
    ("- userarn: \u{212a}\n", 1),
    ("[{userarn: x}", 1),
    ("[{userarn: x}]]", 1),
    ("[{userarn: x}] x", 1),
    ("[{userarn: x}]\n- a\n", 2),
    ("[{userarn: x}\n---\n]", 2),
    ("[{userarn: x},,]", 1),
    ("[{\"userarn\"\n: x}]", 1),
    ("[{userarn: x, username: a b}]", 1),
    ("[{userarn: x, note: [[[[[[[[[a]]]]]]]]]}]", 1),
    ("[userarn: x]", 1),
    ("[\"a\"]", 1),
];

#[test]
fn lists_that_readers_may_take_differently_are_refused_with_their_line() {
    for (text, line) in REFUSED {
        let data = data(&[("mapUsers", text)]);
        match AwsAuth::read(&data) {
            Err(Refusal::Unreadable { key: Key::Users, line: at, .. }) => assert_eq!(at, *line, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
    let broken = data(&[("mapRoles", "broken: ["), ("mapUsers", "[]")]);
    let refusal = AwsAuth::read(&broken).unwrap_err();
    assert_eq!(refusal, Refusal::Unreadable { key: Key::Roles, line: 1, problem: Problem::NotAList });
    assert!(AwsAuth::read(&data(&[("mapAccounts", "- yes\n")])).is_err());
}

#[test]
fn an_existing_entry_is_used_and_never_changed() {
    let text =
        "- userarn: arn:aws:iam::123456789000:user/ALICE\n  username: alice\n  groups: [system:masters]\n";
    let held = data(&[("mapUsers", text)]);
    let aws_auth = AwsAuth::read(&held).unwrap();
    let mapped = aws_auth.add(&mapping(ALICE, "alice"), Owner::P0Gitops).unwrap();
    assert_eq!(mapped, Addition::Mapped(MappedBy::Others));
    assert_eq!(aws_auth.username_of(&identity(ALICE)).unwrap().as_deref(), Some("alice"));
    assert!(matches!(refused(&held, &mapping(ALICE, "other")), Refusal::OtherUsername { .. }));
    let removal = aws_auth.remove(&identity(ALICE), Owner::P0Gitops);
    assert!(matches!(removal, Err(Refusal::NotOurs { .. })));
    assert_eq!(aws_auth.remove(&identity(BOB), Owner::P0Gitops).unwrap(), None);
}

#[test]
fn an_entry_that_somebody_changed_is_no_longer_ours() {
    let ours = add(&data(&[]), &mapping(ALICE, "alice"));
    for (from, to) in [
        ("  username: \"alice\"\n", "  username: \"alice\"\n  groups: [system:masters]\n"),
        ("  username: \"alice\"\n", "  username: \"alice\"\n  note: mine\n"),
        ("# p0.dev/managed-by: p0-gitops\n", ""),
        ("p0-gitops", "terraform-provider-p0"),
        ("\"alice\"", "alice"),
        ("user/alice\n", "user/alice # hers\n"),
    ] {
        let changed = data(&[("mapUsers", &ours["mapUsers"].replace(from, to))]);
        let removal = AwsAuth::read(&changed).unwrap().remove(&identity(ALICE), Owner::P0Gitops);
        assert!(matches!(removal, Err(Refusal::NotOurs { .. })), "{from}: {removal:?}");
    }
}

#[test]
fn a_user_name_that_is_more_than_one_person_is_refused() {
    let shared = |roles: &str, users: &str, name: &str| {
        let held = data(&[("mapRoles", roles), ("mapUsers", users)]);
        matches!(refused(&held, &mapping(ALICE, name)), Refusal::SharedUsername { .. })
    };
    let role = |username: &str| format!("- rolearn: arn:aws:iam::1:role/r\n  username: \"{username}\"\n");
    assert!(shared(&role("alice"), "", "alice"));
    assert!(shared(&role("{{SessionName}}"), "", "alice"));
    assert!(shared(&role("{{SessionNameRaw}}"), "", "alice@example.com"));
    assert!(shared("", &format!("- userarn: {BOB}\n  username: alice\n"), "alice"));
    let free = data(&[("mapRoles", &role("{{SessionName}}"))]);
    add(&free, &mapping(ALICE, "alice@example.com"));

    let twice = format!("- userarn: {ALICE}\n  username: a\n- userarn: {ALICE}\n  username: b\n");
    let twice = data(&[("mapUsers", &twice)]);
    assert!(matches!(refused(&twice, &mapping(ALICE, "a")), Refusal::DuplicateArn { count: 2, .. }));
    let wrong = data(&[("mapRoles", &format!("- rolearn: {ALICE}\n  username: alice\n"))]);
    assert!(matches!(refused(&wrong, &mapping(ALICE, "alice")), Refusal::WrongList { .. }));
}

#[test]
fn a_role_entry_must_tell_its_users_apart() {
    let held = |username: &str| {
        let role = identity(SSO).arn();
        data(&[("mapRoles", &format!("- rolearn: {role}\n  username: \"{username}\"\n"))])
    };
    for username in ["dev", "", "{{SessionName}}", "{{AccountID}}", "{{AccessKeyID}}"] {
        let refusal = refused(&held(username), &mapping(SSO, "corp:carol@example.com"));
        assert!(matches!(refusal, Refusal::NotOnePerson { .. }), "{username}: {refusal}");
    }
    let raw = held("corp:{{SessionNameRaw}}");
    let mapped = AwsAuth::read(&raw).unwrap().add(&mapping(SSO, "corp:carol@example.com"), Owner::P0Gitops);
    assert_eq!(mapped.unwrap(), Addition::Mapped(MappedBy::Others));
}

#[test]
fn an_account_that_is_mapped_whole_knows_its_users_by_arn() {
    for accounts in ["- \"123456789000\"\n", "- 123456789000\n", "['123456789000']"] {
        let held = data(&[("mapAccounts", accounts)]);
        assert!(matches!(refused(&held, &mapping(ALICE, "alice")), Refusal::OtherUsername { .. }));
        let mapped = AwsAuth::read(&held).unwrap().add(&mapping(ALICE, ALICE), Owner::P0Gitops).unwrap();
        assert_eq!(mapped, Addition::Mapped(MappedBy::Account));
        assert!(matches!(refused(&held, &mapping(SSO, SSO)), Refusal::NotOnePerson { .. }));
    }
}

#[test]
fn more_than_the_api_server_stores_is_refused() {
    let filler = "#".repeat((1 << 20) - 100);
    let held = data(&[("other", &filler), ("mapUsers", "[]")]);
    assert!(matches!(refused(&held, &mapping(ALICE, "alice")), Refusal::TooLarge { .. }));
}
