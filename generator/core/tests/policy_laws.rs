//! Laws of policies, over many made ones: what no list of rules, persons and votes can bring about.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what the strategies build is valid by construction"
)]

use jiff::Timestamp;
use p0_access::identity::Identities;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::policy::{
    Alternative, Answer, Duty, Given, OnCall, Policy, Proof, Question, Reason, Risk, RuleOutcome, Stated,
    Term, Vote, accept, decide, explain,
};
use p0_grant::danger::Class;
use p0_grant::resource::ApiResource;
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText};
use p0_grant::subject::Subject;
use proptest::prelude::*;

const PERSONS: [&str; 4] = ["ann", "ben", "cat", "dan"];

/// Ann and Ben share a group, everybody's manager may be anybody, and one may be gone.
fn identities(managers: &[usize; 4]) -> Identities {
    let mut text = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n".to_owned();
    for (index, name) in PERSONS.iter().enumerate() {
        let manager = PERSONS.get(managers[index]).copied().unwrap_or("gone");
        let groups = ["[g]", "[g, h]", "[h]", "[]"][index];
        text +=
            &format!("- {{name: {name}, kubernetes: [{name}@x], manager: {manager}, groups: {groups}}}\n");
    }
    Identities::read(&text).unwrap()
}

fn policy(rules: &[String]) -> Policy {
    let mut text = "apiVersion: p0.dev/v1alpha1\nkind: Policy\ntrustedGroups: [g, h]\n".to_owned();
    text += if rules.is_empty() { "rules: []\n" } else { "rules:\n" };
    for (index, rule) in rules.iter().enumerate() {
        text += &format!("- {{name: r{index}, {rule}}}\n");
    }
    Policy::read(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn requestor() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("any".to_owned()),
        proptest::sample::subsequence(&PERSONS[..], 1..3)
            .prop_map(|names| format!("{{user: [{}]}}", names.join(", "))),
        ("[gh]", prop_oneof![Just("keep"), Just("remove")])
            .prop_map(|(group, effect)| format!("{{group: {{names: [{group}], effect: {effect}}}}}")),
    ]
}

fn resource() -> impl Strategy<Value = String> {
    let globs = |words: &'static [&'static str]| {
        proptest::option::of(proptest::sample::subsequence(words, 1..=2))
            .prop_map(|globs| globs.map(|globs| format!("['{}']", globs.join("', '"))))
    };
    let fields = (
        globs(&["prod", "p*", "dev"]),
        globs(&["pods", "*", "events", "events.core", "*.apps"]),
        globs(&["a", "a*", "b", "*"]),
        globs(&["x", "*", "y?"]),
        globs(&["log", "exec"]),
    );
    let some = fields.prop_map(|(clusters, resources, namespaces, names, subresources)| {
        let fields = [
            ("clusters", clusters),
            ("resources", resources),
            ("namespaces", namespaces),
            ("names", names),
            ("subresources", subresources),
        ];
        let told =
            fields.into_iter().filter_map(|(name, globs)| globs.map(|globs| format!("{name}: {globs}")));
        format!("{{k8s: {{{}}}}}", told.collect::<Vec<_>>().join(", "))
    });
    prop_oneof![1 => Just("any".to_owned()), 4 => some]
}

fn approval() -> impl Strategy<Value = String> {
    let persons = proptest::sample::subsequence(&PERSONS[..], 1..=4).prop_map(|names| names.join(", "));
    let one = prop_oneof![
        (persons.clone(), 1..3usize)
            .prop_map(|(names, count)| format!("reviewers: {{persons: [{names}], count: {count}}}")),
        "[gh]".prop_map(|group| format!("reviewers: {{groups: [{group}]}}")),
        persons.prop_map(|names| format!("git: {{persons: [{names}]}}")),
        Just("manager".to_owned()),
        Just("auto: {schedules: [P1], maxDanger: CRITICAL}".to_owned()),
    ];
    proptest::collection::vec(one, 1..3).prop_map(|list| list.join(", "))
}

/// A rule that allows; never with one party.
fn rule() -> impl Strategy<Value = String> {
    let options = prop_oneof![
        Just(""),
        Just(", options: {maxDanger: NOTE}"),
        Just(", options: {secondChannel: HIGH}"),
        Just(", options: {allowPrivileged: true, allowSharedSubject: true}"),
    ];
    (requestor(), resource(), approval(), options).prop_map(|(requestor, resource, approval, options)| {
        format!("requestor: {requestor}, resource: {resource}, approval: [{approval}]{options}")
    })
}

fn deny() -> impl Strategy<Value = String> {
    (requestor(), resource()).prop_map(|(requestor, resource)| {
        format!("requestor: {requestor}, resource: {resource}, approval: [deny]")
    })
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(prop_oneof![4 => rule(), 1 => deny()], 0..6)
}

/// A question, owned.
#[derive(Clone, Debug)]
struct Ask {
    requester: PersonName,
    subject: Subject,
    cluster: ClusterName,
    role: RoleRef,
    selection: String,
    risk: Risk,
}

fn ask() -> impl Strategy<Value = Ask> {
    let selections = [
        "pods a/x",
        "pods a/*",
        "pods b/y1",
        "pods */*",
        "apps/deployments ab/x",
        "events a/x",
        "events.k8s.io/events a/x",
        "pods a/x+log",
        "pods a/*+exec+log",
        "pods */*+exec",
        "nodes x",
        "nodes *",
    ];
    let subjects = ["ann@x", "ben@x", "cat@x", "dan@x", "Group/team"];
    let worst = [None, Some(Class::Note), Some(Class::High), Some(Class::Critical), Some(Class::Block)];
    (
        proptest::sample::select(&PERSONS[..]),
        proptest::sample::select(subjects.to_vec()),
        proptest::sample::select(&["prod", "dev"][..]),
        proptest::sample::select(selections.to_vec()),
        proptest::sample::select(worst.to_vec()),
        any::<bool>(),
    )
        .prop_map(|(requester, subject, cluster, selection, worst, privileged)| Ask {
            requester: PersonName::new(requester).unwrap(),
            subject: subject.parse().unwrap(),
            cluster: ClusterName::new(cluster).unwrap(),
            role: "view".parse().unwrap(),
            selection: selection.to_owned(),
            risk: Risk { worst, privileged, withheld: None },
        })
}

/// `pods a/x+exec+log` is the pod with two subresources.
fn selection(text: &str) -> Selection {
    let mut words = text.split('+');
    let parts: SelectionText = words.next().unwrap().parse().unwrap();
    let resource = ApiResource::new(parts.group, parts.plural, "Kind", parts.target.scope()).unwrap();
    let resource = resource.with_subresources(["exec", "log"]).unwrap();
    Selection::new(resource, parts.target).unwrap().with_subresources(words).unwrap()
}

impl Ask {
    /// What `decide` says to it, on `selection` instead of its own.
    fn answer(&self, policy: &Policy, identities: &Identities, on: &Selection) -> Answer {
        decide(policy, identities, &self.question(on))
    }

    fn question<'a>(&'a self, on: &'a Selection) -> Question<'a> {
        Question {
            requester: &self.requester,
            subject: &self.subject,
            cluster: &self.cluster,
            role: &self.role,
            selection: on,
            risk: self.risk.clone(),
            term: Term::For(None),
            reason: Stated::Nothing,
        }
    }

    fn parties(&self, identities: &Identities) -> Vec<PersonName> {
        let owner = identities.by_subject(&self.subject).ok().map(|person| person.name.clone());
        [Some(self.requester.clone()), owner].into_iter().flatten().collect()
    }
}

fn at() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

const PROOFS: [Proof; 4] = [Proof::Bot, Proof::Signature, Proof::Review, Proof::Name];

/// What lies inside each selection that is more than one object.
fn narrower(text: &str) -> &'static [&'static str] {
    match text {
        "pods a/*" => &["pods a/x", "pods a/z"],
        "pods */*" => &["pods a/*", "pods b/y1", "pods c/z"],
        // Both groups address the same stored events.
        "events a/x" => &["events.k8s.io/events a/x"],
        "events.k8s.io/events a/x" => &["events a/x"],
        "pods a/x+log" => &["pods a/x"],
        "pods a/*+exec+log" => {
            &["pods a/*", "pods a/*+log", "pods a/*+exec", "pods a/x+exec", "pods a/z+exec+log"]
        }
        "pods */*+exec" => &["pods */*", "pods b/y1+exec", "pods a/x", "pods a/*+exec"],
        "nodes *" => &["nodes x", "nodes n"],
        _ => &[],
    }
}

/// Whether every person is on call where the rules ask for it.
fn everybody_on_call(is_so: bool) -> OnCall {
    let duty = |name: &&str| Duty {
        person: PersonName::new(*name).unwrap(),
        schedule: Some("P1".parse().unwrap()),
        escalation: None,
        until: None,
        incident: None,
    };
    OnCall::Duties(PERSONS.iter().filter(|_| is_so).map(duty).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The person who asks and the person who gets access cannot bring it about alone, whatever they send.
    #[test]
    fn nobody_approves_their_own(rules in rules(), ask in ask(), managers in any::<[u8; 4]>(), proofs in proptest::collection::vec(0..4usize, 0..4)) {
        let identities = identities(&managers.map(|manager| usize::from(manager % 5)));
        let (policy, on) = (policy(&rules), selection(&ask.selection));
        if let Answer::Matched(found) = ask.answer(&policy, &identities, &on) {
            let parties = ask.parties(&identities);
            let votes = proofs.iter().flat_map(|proof| parties.iter().map(|person| Vote { person: person.clone(), proof: PROOFS[*proof] }));
            let given = Given::nothing(at()).with_votes(votes);
            prop_assert!(accept(&found, &ask.question(&on), &given).is_err());
            for alternative in &found.alternatives {
                prop_assert!(alternative.persons().iter().all(|person| !parties.contains(person)), "{alternative:?}");
            }
        }
    }

    /// What is accepted was given by so many different persons whom the rule lists, or by being on call for oneself.
    #[test]
    fn what_is_accepted_was_given(rules in rules(), ask in ask(), managers in any::<[u8; 4]>(), votes in proptest::collection::vec((0..4usize, 0..4usize), 0..6), on_call in any::<bool>()) {
        let identities = identities(&managers.map(|manager| usize::from(manager % 5)));
        let (policy, on) = (policy(&rules), selection(&ask.selection));
        if let Answer::Matched(found) = ask.answer(&policy, &identities, &on) {
            let votes = votes.iter().map(|(person, proof)| Vote { person: PersonName::new(PERSONS[*person]).unwrap(), proof: PROOFS[*proof] });
            let votes: Vec<Vote> = votes.collect();
            let on_call = everybody_on_call(on_call);
            let given = Given { on_call, ..Given::nothing(at()).with_votes(votes.clone()) };
            if let Ok(done) = accept(&found, &ask.question(&on), &given) {
                let used = found.alternatives.iter().find(|one| one.kind() == done.accepted.kind()).unwrap();
                let voted = |person: &PersonName| votes.iter().any(|vote| vote.person == *person && vote.proof != Proof::Name);
                prop_assert!(done.accepted.approvers().into_iter().all(voted));
                prop_assert!(done.max_duration <= found.limits.max_duration);
                match used {
                    Alternative::Auto(_) => prop_assert!(done.accepted.duties().next().is_some() && ask.parties(&identities)[1..] == [ask.requester.clone()]),
                    _ => prop_assert!(!done.accepted.approvers().is_empty()),
                }
            }
        }
    }

    /// A deny rule more, anywhere, never lets anything through that was not let through before.
    #[test]
    fn a_deny_rule_never_widens(rules in rules(), deny in deny(), place in 0..7usize, ask in ask()) {
        let identities = identities(&[2, 2, 3, 0]);
        let on = selection(&ask.selection);
        let before = ask.answer(&policy(&rules), &identities, &on);
        let mut more = rules.clone();
        more.insert(place.min(rules.len()), deny);
        if let (Answer::Refused(_), Answer::Matched(after)) = (before, ask.answer(&policy(&more), &identities, &on)) {
            prop_assert!(false, "{after:?}");
        }
    }

    /// Rules behind the one that answers say nothing.
    #[test]
    fn only_rules_up_to_the_answer_count(rules in rules(), more in rules(), ask in ask()) {
        let identities = identities(&[2, 2, 3, 0]);
        let on = selection(&ask.selection);
        let answer = ask.answer(&policy(&rules), &identities, &on);
        if matches!(answer, Answer::Matched(_)) {
            let all = policy(&[rules, more].concat());
            prop_assert_eq!(ask.answer(&all, &identities, &on), answer);
        }
    }

    /// The rule that answers is the first that is not said to differ in anything.
    #[test]
    fn what_is_explained_is_what_was_decided(rules in rules(), ask in ask()) {
        let (identities, policy, on) = (identities(&[2, 2, 3, 0]), policy(&rules), selection(&ask.selection));
        let decision = explain(&policy, &identities, &ask.question(&on));
        prop_assert_eq!(&decision.answer, &ask.answer(&policy, &identities, &on));
        let last = decision.trace.last().map(|last| (&last.rule.name, last.outcome));
        match decision.answer {
            Answer::Matched(found) => prop_assert_eq!(last, Some((&found.rule, RuleOutcome::Matched))),
            Answer::Refused(reasons) => match &reasons[..] {
                [Reason::Denied(name)] => prop_assert_eq!(last, Some((name, RuleOutcome::Denied))),
                [Reason::NoRule] => {
                    prop_assert_eq!(decision.trace.len(), rules.len());
                    let missed = decision.trace.iter().all(|one| matches!(one.outcome, RuleOutcome::Missed(_) | RuleOutcome::Part(_)));
                    prop_assert!(missed, "{:?}", decision.trace);
                }
                _ => {}
            },
        }
    }

    /// If A contains B, A is refused, or what is enough for A is enough for B. Rules for less danger are left out: a policy may
    /// ask more of what is less dangerous. So is being on call, where no person is asked for the part.
    #[test]
    fn a_wider_selection_asks_at_least_as_much(
        rules in rules(),
        ask in ask(),
        managers in any::<[u8; 4]>(),
        votes in proptest::collection::vec((0..4usize, 0..4usize), 0..6),
        on_call in any::<bool>(),
    ) {
        let rules: Vec<String> = rules.into_iter().filter(|rule| !rule.contains("maxDanger: NOTE")).collect();
        let identities = identities(&managers.map(|manager| usize::from(manager % 5)));
        let (policy, whole) = (policy(&rules), selection(&ask.selection));
        let Answer::Matched(found) = ask.answer(&policy, &identities, &whole) else { return Ok(()) };
        let votes = votes.iter().map(|(person, proof)| Vote { person: PersonName::new(PERSONS[*person]).unwrap(), proof: PROOFS[*proof] });
        let on_call = everybody_on_call(on_call);
        let given = Given { on_call, ..Given::nothing(at()).with_votes(votes) };
        let Ok(accepted) = accept(&found, &ask.question(&whole), &given) else { return Ok(()) };
        for part in narrower(&ask.selection) {
            let on = selection(part);
            let answer = ask.answer(&policy, &identities, &on);
            let Answer::Matched(found) = answer else {
                prop_assert!(false, "{} is allowed and {part} is refused: {answer:?} {rules:?}", ask.selection);
                return Ok(());
            };
            let asks_nobody = found.alternatives.iter().any(|one| matches!(one, Alternative::Auto(_)));
            let part_accepted = accept(&found, &ask.question(&on), &given);
            prop_assert!(asks_nobody || part_accepted.is_ok(), "{} is accepted by {:?}, {part} is not: {part_accepted:?} {rules:?}", ask.selection, accepted);
        }
    }

    /// Of one allow rule, whatever holds a selection holds each part of it.
    #[test]
    fn a_smaller_selection_stays_allowed(rule in rule(), ask in ask()) {
        let (identities, policy) = (identities(&[2, 2, 3, 0]), policy(&[rule]));
        if matches!(ask.answer(&policy, &identities, &selection(&ask.selection)), Answer::Matched(_)) {
            for part in narrower(&ask.selection) {
                let answer = ask.answer(&policy, &identities, &selection(part));
                prop_assert!(matches!(answer, Answer::Matched(_)), "{part}: {answer:?}");
            }
        }
    }

    /// Whatever touches a part touches the whole.
    #[test]
    fn a_larger_selection_stays_denied(deny in deny(), ask in ask()) {
        let identities = identities(&[2, 2, 3, 0]);
        let policy = policy(&[deny, "requestor: any, resource: any, approval: [git: {persons: [ann, ben, cat]}], options: {allowPrivileged: true, allowSharedSubject: true}".to_owned()]);
        let denied = |on: &str| matches!(ask.answer(&policy, &identities, &selection(on)), Answer::Refused(_));
        if narrower(&ask.selection).iter().any(|part| denied(part)) {
            prop_assert!(denied(&ask.selection));
        }
    }

    /// No rule, a frozen policy, an unknown person: the answer is no.
    #[test]
    fn without_a_match_it_is_no(ask in ask(), rules in rules()) {
        let on = selection(&ask.selection);
        let known = identities(&[2, 2, 3, 0]);
        prop_assert!(matches!(ask.answer(&policy(&[]), &known, &on), Answer::Refused(_)));
        prop_assert!(matches!(ask.answer(&policy(&rules), &Identities::default(), &on), Answer::Refused(_)));
        let text = "apiVersion: p0.dev/v1alpha1\nkind: Policy\nfrozen: true\nrules: [{name: r, requestor: any, resource: any, approval: [manager]}]\n";
        prop_assert!(matches!(ask.answer(&Policy::read(text).unwrap(), &known, &on), Answer::Refused(_)));
    }
}
