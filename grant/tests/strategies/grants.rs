//! Random grants with every string that YAML readers, people or machines have tripped over. No plan stands in their way:
//! each has the allowance it needs.

use jiff::Timestamp;
use p0_grant::approval::{ApprovalKind, ApproverSignature};
use p0_grant::arn::IamIdentity;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::mapping::Mapping;
use p0_grant::name::{GrantId, Namespace, ObjectName};
use p0_grant::on_call::{DutyPlace, OnCallEvidence};
use p0_grant::plan::{Allowance, Plan, Settings, plan};
use p0_grant::resource::{ApiResource, Scope};
use p0_grant::role::{Role, RoleRef};
use p0_grant::rule::{ResourceRule, Rule};
use p0_grant::selection::{Selection, Target};
use p0_grant::signature::{Purpose, Signature};
use p0_grant::subject::{Subject, SubjectView};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use ssh_key::PrivateKey;
use ssh_key::private::Ed25519Keypair;

/// Other types in YAML 1.1 or 1.2, indicators, quotes, and texts that end or begin badly.
const AWKWARD: &[&str] = &[
    "no",
    "on",
    "y",
    "NO",
    "true",
    "null",
    "~",
    "012",
    "0o7",
    "0x1f",
    "1e3",
    "1_000",
    "12:30:45",
    "1.5",
    ".inf",
    ".nan",
    "-",
    "-1",
    "+1",
    "=",
    "<<",
    "2026-11-24",
    "2026-11-24T10:00:00Z",
    "*",
    "*a",
    "&a",
    "!",
    "!!str",
    "@a",
    "`a",
    "|",
    ">",
    "%a",
    "#a",
    "a #b",
    "a: b",
    "a:",
    ":a",
    "? a",
    "- a",
    "[a]",
    "{a}",
    "{{a}}",
    ",",
    "'",
    "\"",
    "\\",
    "\\n",
    " a",
    "a ",
    "a  b",
    "---",
    "...",
    "é",
    "☃",
    "😀",
    "e\u{301}",
    "\u{a0}",
    "\u{200b}",
    "$",
    "$a",
    "$(a)",
    "<path",
    "arn:aws:iam::1:user/al",
];

/// The same for texts that may have lines.
const LINES: &[&str] =
    &["a\nb", "\n", "a\n", "\na", "\ta", "a\tb", " a\nb", "\n\n", "a\n\n b\n", "- a\n- b", "# a\nb"];

/// The namespaces that grants are in, and service accounts.
pub(crate) const NAMESPACES: &[&str] = &["default", "no", "012", "1e3", "0x1f", "y", "null", "on", "team-a"];

const LONG: usize = 4_000;

/// Resources of a small world, with their subresources: kind, plural, group, scope.
const SERVED: &[(&str, &str, &str, Scope)] = &[
    ("Deployment", "deployments", "apps", Scope::Namespaced),
    ("Pod", "pods", "", Scope::Namespaced),
    ("Event", "events", "", Scope::Namespaced),
    ("NetworkPolicy", "networkpolicies", "networking.k8s.io", Scope::Namespaced),
    ("No", "noes", "on.example.com", Scope::Namespaced),
    ("Node", "nodes", "", Scope::Cluster),
    ("CSIDriver", "csidrivers", "storage.k8s.io", Scope::Cluster),
];

const SUBRESOURCES: &[&str] = &["exec", "log", "no", "scale", "status"];

/// Any one-line text, or with lines.
fn texts(lines: bool) -> BoxedStrategy<String> {
    let awkward: Vec<&str> = if lines { [AWKWARD, LINES].concat() } else { AWKWARD.to_vec() };
    let word = prop_oneof![
        4 => select(awkward).prop_map(str::to_owned),
        2 => any::<String>(),
        2 => "[ -~]{1,30}",
        1 => (1..LONG).prop_map(|length| "x ".repeat(length / 2) + "x"),
    ]
    .boxed();
    // Two awkward halves meet where neither is alone.
    prop_oneof![4 => word.clone(), 1 => (word.clone(), word).prop_map(|(one, other)| one + &other)].boxed()
}

fn object_names() -> impl Strategy<Value = ObjectName> {
    texts(false).prop_filter_map("no name", |name| ObjectName::new(name).ok())
}

fn namespaces() -> impl Strategy<Value = Namespace> {
    select(NAMESPACES).prop_filter_map("no namespace", |name| Namespace::new(name).ok())
}

fn subjects() -> BoxedStrategy<Subject> {
    let accounts = select(vec!["no", "012", "1e3", "a.b-c", "null"]);
    prop_oneof![
        texts(false).prop_filter_map("no user", |name| Subject::user(name).ok()),
        texts(false).prop_filter_map("no group", |name| Subject::group(name).ok()),
        (namespaces(), accounts)
            .prop_filter_map("no account", |(namespace, name)| Subject::service_account(namespace, name)
                .ok()),
    ]
    .boxed()
}

fn role_refs() -> impl Strategy<Value = RoleRef> {
    object_names().prop_map(RoleRef::ClusterRole)
}

fn targets(scope: Scope) -> BoxedStrategy<Target> {
    match scope {
        Scope::Namespaced => prop_oneof![
            4 => (namespaces(), object_names())
                .prop_map(|(namespace, name)| Target::Object { namespace, name }),
            2 => namespaces().prop_map(|namespace| Target::Kind { namespace }),
            1 => Just(Target::KindEverywhere),
        ]
        .boxed(),
        Scope::Cluster => prop_oneof![
            2 => object_names().prop_map(|name| Target::ClusterObject { name }),
            1 => Just(Target::ClusterKind),
        ]
        .boxed(),
    }
}

fn selections() -> impl Strategy<Value = Selection> {
    select(SERVED).prop_flat_map(|(kind, plural, group, scope)| {
        let asked = subsequence(SUBRESOURCES, 0..=2);
        (targets(scope), asked).prop_filter_map("no selection", move |(target, asked)| {
            let resource = ApiResource::new(group, plural, kind, scope).ok()?;
            let resource = resource.with_subresources(SUBRESOURCES.iter().copied()).ok()?;
            Selection::new(resource, target).ok()?.with_subresources(asked).ok()
        })
    })
}

/// Rules that reach the selection, by names where `names` are given.
fn rules(selection: Selection) -> impl Strategy<Value = Vec<Rule>> {
    let words = prop_oneof![select(vec!["get", "list", "patch", "*"]).prop_map(str::to_owned), texts(false)];
    let rule = (prop::collection::vec(words, 1..4), any::<bool>(), prop::collection::vec(texts(true), 0..3));
    prop::collection::vec(rule, 1..4).prop_map(move |rules| {
        let (group, plural) = (selection.resource().group(), selection.resource().plural());
        let resources = || {
            let own = selection.subresources().iter().map(|sub| format!("{plural}/{sub}"));
            std::iter::once(plural.to_owned()).chain(own)
        };
        let rule = |(verbs, wildcard, mut names): (Vec<String>, bool, Vec<String>)| {
            if !names.is_empty() {
                names.extend(selection.target().name().map(ToString::to_string));
            }
            let group = if wildcard { "*" } else { group };
            ResourceRule::new(verbs, [group], resources(), names).ok().map(Rule::from)
        };
        rules.into_iter().filter_map(rule).collect()
    })
}

fn plans() -> BoxedStrategy<(Plan, RoleRef, Selection)> {
    let picked = (role_refs(), selections());
    let roles =
        picked.prop_flat_map(|(role, selection)| (Just(role), Just(selection.clone()), rules(selection)));
    roles
        .prop_filter_map("nothing to grant", |(role, selection, rules)| {
            let resource = selection.resource().to_string();
            let allow_privileged = vec![Allowance { role: role.clone(), resource }];
            let settings = Settings { allow_privileged, ..Settings::default() };
            let plan = plan(&Role::new(role.clone(), rules), &selection, &settings).ok()?;
            Some((plan, role, selection))
        })
        .boxed()
}

/// Whole seconds from 1970 to 9999.
fn times() -> impl Strategy<Value = Timestamp> {
    (0..253_400_000_000_i64).prop_filter_map("no time", |second| Timestamp::from_second(second).ok())
}

/// A beginning, and an end after it.
fn spans() -> impl Strategy<Value = (Timestamp, Timestamp)> {
    let length = (1..10_000_000_i64).prop_map(jiff::SignedDuration::from_secs);
    (times(), length)
        .prop_filter_map("no time", |(begin, length)| Some((begin, begin.checked_add(length).ok()?)))
}

/// What says how it was approved, by none to two keys that everybody knows.
fn approvals() -> BoxedStrategy<Workflow> {
    let signature =
        (times(), 1..10_000_000_i64, any::<u8>()).prop_filter_map("no signature", |(at, seconds, seed)| {
            let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
            let signature = Signature::make(Purpose::Approval, &key, b"text").ok()?;
            Some(ApproverSignature { at, lifetime: jiff::SignedDuration::from_secs(seconds), signature })
        });
    let some = || prop::option::of(texts(false));
    let kinds = prop::option::of(select(ApprovalKind::ALL.to_vec()));
    let duties = prop::collection::vec(duties(), 0..3);
    (kinds, prop::collection::vec(signature, 0..3), some(), some(), some(), duties)
        .prop_map(|(approval, approver_signatures, previous, preapproval, repository, on_call)| Workflow {
            repository,
            approval,
            approver_signatures,
            previous,
            preapproval,
            on_call,
            ..Workflow::default()
        })
        .boxed()
}

fn duties() -> impl Strategy<Value = OnCallEvidence> {
    ("[A-Za-z0-9_-]{1,64}", prop::option::of(any::<u32>()), prop::option::of(times())).prop_filter_map(
        "no id",
        |(id, level, until)| {
            let id = id.parse().ok()?;
            let place = match level {
                None => DutyPlace::Schedule(id),
                Some(level) => DutyPlace::EscalationPolicy { id, level },
            };
            Some(OnCallEvidence { place, until })
        },
    )
}

fn workflows() -> BoxedStrategy<Workflow> {
    let some = || prop::option::of(texts(false));
    let approvers = prop::collection::vec(texts(false), 0..3);
    let reason = prop::option::of(texts(true));
    (
        texts(false),
        texts(false),
        approvers,
        some(),
        some(),
        some(),
        prop::option::of(times()),
        reason,
        approvals(),
    )
        .prop_map(
            |(
                cluster,
                requester,
                approvers,
                policy_rule,
                policy_sha256,
                request_url,
                merge_before,
                reason,
                approval,
            )| {
                let all = Workflow { cluster, requester, approvers, ..approval };
                Workflow { policy_rule, policy_sha256, merge_before, request_url, reason, ..all }
            },
        )
        .boxed()
}

/// An IAM identity for half of the users.
fn identity_of(subject: &Subject) -> Option<IamIdentity> {
    let SubjectView::User(name) = subject.view() else { return None };
    let (identity, _) = IamIdentity::read("arn:aws:iam::123456789012:user/alice").ok()?;
    let is_mapped = name.len() % 2 == 0 && Mapping::new(identity.clone(), name).is_ok();
    is_mapped.then_some(identity)
}

/// Grants, as far as [`Grant::new`] takes them.
pub(crate) fn grants() -> impl Strategy<Value = Grant> {
    let how = (
        "[a-z0-9]{20}",
        select(vec![ManagedBy::P0Gitops, ManagedBy::TerraformProviderP0]),
        select(vec![RoleObject::ClusterRole, RoleObject::Role]),
        select(vec!["p0", "no", "1e3", "a-b"]),
    );
    let workflow = prop::option::weighted(0.8, workflows());
    (plans(), subjects(), spans(), how, workflow).prop_filter_map(
        "no grant",
        |((plan, role, selection), subject, (created_at, expires_at), how, workflow)| {
            let (id, managed_by, role_object, prefix) = how;
            let (id, prefix) = (GrantId::new(id).ok()?, NamePrefix::new(prefix).ok()?);
            Grant::new(GrantSpec {
                id,
                role,
                selection,
                plan: &plan,
                iam: identity_of(&subject),
                subject,
                created_at,
                expires_at,
                managed_by,
                role_object,
                prefix,
                workflow,
            })
            .ok()
        },
    )
}
