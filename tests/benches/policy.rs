//! A policy's decision over 1,000 rules, against a plain scan of the same patterns with the standard library's string search.
//!
//! The peer knows five texts a rule, each a beginning or an end, and nothing else: no persons, no danger, no approvers. What a decision costs beyond it is what a policy is for.

use std::hint::black_box;
use std::time::{Duration, Instant};

use p0_access::identity::Identities;
use p0_access::policy::{Answer, Policy, Question, Risk, Stated, Term, decide};
use p0_grant::resource::{ApiResource, Scope};
use p0_grant::selection::{Selection, Target};

const RULES: usize = 1_000;
const ROUNDS: usize = 2_000;
const ALLOWED: Duration = Duration::from_micros(50);

/// In what the rules that do not answer differ from what is asked.
#[derive(Clone, Copy)]
enum Apart {
    /// Their roles, resources and namespaces are others.
    Patterns,
    /// All fits but the group.
    Group,
    /// All fits but the cluster, and whatever fits is compared in vain.
    Cluster,
}

fn main() {
    decide_over("rules for other roles", Apart::Patterns);
    decide_over("rules for other groups alone", Apart::Group);
    decide_over("rules for other clusters alone", Apart::Cluster);
}

fn decide_over(name: &str, apart: Apart) {
    let policy = Policy::read(&text(apart)).expect("a policy");
    let identities = Identities::read(PERSONS).expect("persons");
    let selection = selection();
    let (requester, cluster) = ("alice".parse().expect("a name"), "prod-eu".parse().expect("a name"));
    let (subject, role) = ("alice@x".parse().expect("a subject"), "view".parse().expect("a role"));
    let question = Question {
        requester: &requester,
        subject: &subject,
        cluster: &cluster,
        role: &role,
        selection: &selection,
        risk: Risk::default(),
        term: Term::For(None),
        reason: Stated::Text("OPS-1"),
    };
    let last = format!("r{}", RULES - 1);
    let own = median(|| match decide(&policy, &identities, black_box(&question)) {
        Answer::Matched(found) => assert_eq!(found.rule.as_str(), last),
        Answer::Refused(reasons) => panic!("{reasons:?}"),
    });
    let scanned: Vec<[Plain; 5]> = (0..RULES).map(|index| patterns(apart, index).map(Plain::of)).collect();
    let peer = median(|| {
        let asked = black_box(["prod-eu", "ClusterRole/view", "deployments.apps", "shop-eu", "shop"]);
        let fits =
            |rule: &[Plain; 5]| rule.iter().zip(asked).filter(|(one, text)| one.matches(text)).count() == 5;
        assert_eq!(scanned.iter().position(fits), Some(RULES - 1));
    });
    let ratio = own.as_secs_f64() / peer.as_secs_f64();
    println!(
        "decision over {RULES} {name}: {own:?} (at most {ALLOWED:?}); plain scan {peer:?}; ratio {ratio:.2}"
    );
}

/// The median of many rounds, so that what else runs on the machine counts little.
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

const PERSONS: &str = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n\
    - {name: alice, kubernetes: [alice@x], groups: [shop]}\n- {name: bob, kubernetes: [bob@x], groups: [sre]}\n";

/// Patterns of one rule, and the group that it is for: only the last rule's fit.
fn patterns(apart: Apart, index: usize) -> [String; 5] {
    let fitting = ["prod-*", "ClusterRole/*", "*.apps", "shop-*", "shop"].map(str::to_owned);
    match apart {
        _ if index + 1 == RULES => fitting,
        Apart::Patterns => [
            "prod-*".to_owned(),
            format!("ClusterRole/team-{index}-*"),
            format!("*.widgets{index}.example.com"),
            format!("team-{index}-*"),
            "shop".to_owned(),
        ],
        Apart::Group => {
            let [cluster, role, resource, namespace, _] = fitting;
            [cluster, role, resource, namespace, format!("team-{index}")]
        }
        Apart::Cluster => {
            let [_, role, resource, namespace, group] = fitting;
            [format!("dev-{index}-*"), role, resource, namespace, group]
        }
    }
}

fn text(apart: Apart) -> String {
    let rule = |index| {
        let [cluster, role, resource, namespace, group] = patterns(apart, index);
        format!(
            "- {{name: r{index}, requestor: {{group: {{names: [{group}]}}}}, approval: [reviewers: {{persons: [bob]}}], \
             resource: {{k8s: {{clusters: ['{cluster}'], roles: ['{role}'], resources: ['{resource}'], namespaces: ['{namespace}']}}}}}}\n"
        )
    };
    let rules: String = (0..RULES).map(rule).collect();
    format!("apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n{rules}")
}

fn selection() -> Selection {
    let deployments =
        ApiResource::new("apps", "deployments", "Deployment", Scope::Namespaced).expect("a resource");
    let namespace = p0_grant::name::Namespace::new("shop-eu").expect("a namespace");
    Selection::new(deployments, Target::Kind { namespace }).expect("a selection")
}

/// A pattern as the peer knows it.
enum Plain {
    Begins(String),
    Ends(String),
}

impl Plain {
    fn of(pattern: String) -> Self {
        match pattern.strip_prefix('*') {
            Some(end) => Self::Ends(end.to_owned()),
            None => Self::Begins(pattern.trim_end_matches('*').to_owned()),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Begins(start) => text.starts_with(start.as_str()),
            Self::Ends(end) => text.ends_with(end.as_str()),
        }
    }
}
