use super::*;

fn rule(approval: &str) -> Policy {
    with_options(approval, "")
}

fn with_options(approval: &str, options: &str) -> Policy {
    policy(&format!(
        "trustedGroups: [sre, leads, empty]\nrules:\n- {{name: r, requestor: any, resource: any, approval: [{approval}], options: {{{options}}}}}\n"
    ))
}

/// Who approved and how, or the codes of why not.
fn accepted(
    ask: &Ask,
    policy: &Policy,
    given: &Given,
) -> Result<(Vec<String>, ApprovalKind), Vec<&'static str>> {
    let found = ask.answer(policy).map_err(|reasons| codes(&reasons))?;
    let done = accept(&found, &ask.question(), given).map_err(|reasons| codes(&reasons))?;
    Ok((done.accepted.approvers().into_iter().map(ToString::to_string).collect(), done.accepted.kind()))
}

fn votes(given: &[(&str, Proof)]) -> Given {
    Given::nothing(at()).with_votes(given.iter().map(|(person, proof)| vote(person, *proof)))
}

#[test]
fn so_many_different_persons_approve() {
    let policy = rule("reviewers: {persons: [bob], groups: [leads], count: 2}");
    let ask = ask("pods shop/a");
    use Proof::Bot;
    for (given, expected) in [
        (&[("bob", Bot), ("carol", Bot)][..], Ok(vec!["bob", "carol"])),
        (&[("bob", Bot), ("bob", Bot)], Err(vec!["not-enough"])),
        (&[("bob", Bot), ("alice", Bot)], Err(vec!["own-request", "not-enough"])),
        (&[("carol", Bot), ("dave", Proof::Review)], Ok(vec!["carol", "dave"])),
        (&[("carol", Bot), ("stranger", Bot)], Err(vec!["not-an-approver", "not-enough"])),
        (&[("carol", Bot), ("dave", Proof::Name)], Err(vec!["only-named", "not-enough"])),
        (&[], Err(vec!["not-enough"])),
    ] {
        let told = accepted(&ask, &policy, &votes(given));
        assert_eq!(
            told.map(|(by, _)| by),
            expected.map(|by| by.into_iter().map(str::to_owned).collect()),
            "{given:?}"
        );
    }
}

#[test]
fn persons_who_are_gone_are_left_out_and_an_empty_list_is_refused() {
    let found =
        ask("pods shop/a").answer(&rule("reviewers: {persons: [gone, bob], groups: [empty]}")).unwrap();
    let Alternative::Reviewers(who) = &found.alternatives[0] else { panic!("{found:?}") };
    assert_eq!((who.persons.len(), who.skipped.len()), (1, 2), "{who:?}");
    for approval in [
        "reviewers: {persons: [gone]}",
        "reviewers: {persons: [alice]}",
        "reviewers: {groups: [empty]}",
        "reviewers: {persons: [bob, carol], count: 3}",
        "git: {persons: [gone]}",
    ] {
        let reasons = ask("pods shop/a").answer(&rule(approval)).unwrap_err();
        assert_eq!(codes(&reasons), ["nobody-left"], "{approval}");
    }
    let sentence =
        ask("pods shop/a").answer(&rule("reviewers: {persons: [gone]}")).unwrap_err()[0].sentence();
    assert_eq!(
        sentence,
        "reviewers: of 1 approver(s) that are needed 0 are left; left out: `gone` (not in p0/identities.yaml)"
    );
}

#[test]
fn the_manager_of_whoever_gets_access_approves() {
    let policy = rule("manager");
    use Proof::Bot;
    let told = |requester, subject, by| {
        accepted(&ask("pods shop/a").by(requester, subject), &policy, &votes(&[(by, Bot)]))
    };
    assert_eq!(told("alice", "alice@x", "carol").unwrap().1, ApprovalKind::Manager);
    assert_eq!(told("alice", "alice@x", "bob"), Err(vec!["not-an-approver", "not-enough"]));
    // One's manager left, has none, is oneself, or is who asks.
    for (requester, subject) in
        [("bob", "bob@x"), ("dave", "dave@x"), ("carol", "carol@x"), ("carol", "alice@x")]
    {
        assert_eq!(told(requester, subject, "carol"), Err(vec!["nobody-left"]), "{requester} for {subject}");
    }
}

#[test]
fn one_party_is_an_option_and_keeps_the_list() {
    let policy = with_options("reviewers: {persons: [alice, bob]}", "allowOneParty: true");
    let own = |who: &str, subject: &str| {
        accepted(&ask("pods shop/a").by(who, subject), &policy, &votes(&[(who, Proof::Bot)]))
    };
    assert!(own("alice", "alice@x").is_ok());
    assert_eq!(own("carol", "carol@x"), Err(vec!["not-an-approver", "not-enough"]));
}

#[test]
fn from_a_danger_on_the_bots_word_is_not_enough() {
    let policy = with_options("reviewers: {persons: [bob]}", "secondChannel: HIGH");
    let told =
        |worst, proof| accepted(&ask("pods shop/a").at_danger(worst), &policy, &votes(&[("bob", proof)]));
    assert!(told(Class::Note, Proof::Bot).is_ok());
    assert_eq!(told(Class::High, Proof::Bot), Err(vec!["second-channel", "not-enough"]));
    assert!(told(Class::High, Proof::Signature).is_ok() && told(Class::Critical, Proof::Review).is_ok());
}

#[test]
fn a_git_approval_is_a_review() {
    let policy = rule("git: {persons: [bob]}");
    let told = |proof| accepted(&ask("pods shop/a"), &policy, &votes(&[("bob", proof)]));
    assert_eq!(told(Proof::Signature), Err(vec!["not-a-review", "not-enough"]));
    assert_eq!(told(Proof::Review).unwrap().1, ApprovalKind::Git);
}

#[test]
fn being_on_call_approves_only_where_the_rule_asks_for_it() {
    let policy = rule("auto: {schedules: [P1], escalationPolicies: [E1], maxLevel: 2, duration: 30m}");
    let duty = |person: &str, schedule: Option<&str>, escalation: Option<(&str, u32)>| Duty {
        person: PersonName::new(person).unwrap(),
        schedule: schedule.map(|id| id.parse().unwrap()),
        escalation: escalation.map(|(id, level)| (id.parse().unwrap(), level)),
        until: None,
        incident: None,
    };
    let own = || ask("pods shop/a").for_so_long("4h");
    let with = |ask: &Ask, duty| {
        let given = Given { on_call: OnCall::Duties(vec![duty]), ..Given::nothing(at()) };
        accepted(ask, &policy, &given)
    };
    assert!(with(&own(), duty("alice", Some("P1"), None)).is_ok());
    assert!(with(&own(), duty("alice", Some("P2"), Some(("E1", 2)))).is_ok());
    for wrong in [
        duty("bob", Some("P1"), None),
        duty("alice", Some("P2"), None),
        duty("alice", None, Some(("E1", 3))),
        duty("alice", None, Some(("E2", 1))),
        duty("alice", None, None),
    ] {
        assert_eq!(with(&own(), wrong.clone()), Err(vec!["not-on-call"]), "{wrong:?}");
    }
    let good = || duty("alice", Some("P1"), None);
    assert_eq!(with(&own().at_danger(Class::Critical), good()), Err(vec!["on-call-danger"]));
    assert_eq!(with(&own().by("alice", "bob@x"), good()), Err(vec!["on-call-for-other"]));
    assert_eq!(accepted(&own(), &policy, &Given::nothing(at())), Err(vec!["not-on-call"]));
    let found = own().answer(&policy).unwrap();
    let given = Given { on_call: OnCall::Duties(vec![good()]), ..Given::nothing(at()) };
    let done = accept(&found, &own().question(), &given).unwrap();
    assert_eq!((done.max_duration.to_string(), done.accepted.approvers().len()), ("30m".to_owned(), 0));
    assert_eq!(done.accepted.duties().next().unwrap().evidence.to_string(), "schedule P1");
}

#[test]
fn being_on_call_approves_nothing_beyond_the_shift() {
    let policy = rule("auto: {schedules: [P1], escalationPolicies: [E1]}");
    let ask = || ask("pods shop/a").for_so_long("4h");
    let duty = |schedule: &str, minutes: i64| Duty {
        person: PersonName::new("alice").unwrap(),
        schedule: Some(schedule.parse().unwrap()),
        escalation: Some(("E1".parse().unwrap(), 1)),
        until: Some(at().checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap()),
        incident: None,
    };
    let with = |duties: Vec<Duty>| {
        let found = ask().answer(&policy).unwrap();
        let given = Given { on_call: OnCall::Duties(duties), ..Given::nothing(at()) };
        let done = accept(&found, &ask().question(), &given).map_err(|reasons| codes(&reasons))?;
        Ok((done.max_duration.to_string(), done.accepted.duties().next().unwrap().evidence.place.to_string()))
    };
    assert_eq!(with(vec![duty("P1", 20)]), Ok(("20m".to_owned(), "schedule P1".to_owned())));
    assert_eq!(with(vec![duty("P1", 500)]), Ok(("1h".to_owned(), "schedule P1".to_owned())));
    // Of two duties the one that lasts longer counts.
    let both = with(vec![duty("P1", 20), duty("P2", 40)]);
    assert_eq!(both, Ok(("40m".to_owned(), "escalation-policy E1 level 1".to_owned())));
    assert_eq!(with(vec![duty("P1", 0)]), Err(vec!["not-on-call"]));
    assert_eq!(with(vec![duty("P1", -5)]), Err(vec!["not-on-call"]));
}

#[test]
fn on_call_routing_can_be_switched_off() {
    let rules = "rules:\n- {name: r, requestor: any, resource: any, approval: [auto: {schedules: [P1]}]}\n";
    assert_eq!(
        ask("pods shop/a").told(&policy(&format!("onCall: {{routing: off}}\n{rules}"))),
        "routing-off"
    );
    assert_eq!(ask("pods shop/a").told(&policy(rules)), "r");
}

#[test]
fn persistent_access_is_asked_for_and_ends_on_its_day() {
    let policy = rule("persistent: {reviewBy: 2026-11-25, persons: [bob]}");
    let mut ask = ask("pods shop/a");
    assert_eq!(ask.told(&policy), "only-persistent");
    ask.term = Term::Persistent;
    assert_eq!(ask.told(&rule("manager")), "not-persistent");
    let found = ask.answer(&policy).unwrap();
    let given = votes(&[("bob", Proof::Bot)]);
    let done = accept(&found, &ask.question(), &given).unwrap();
    assert_eq!(
        (done.max_duration.to_string(), done.accepted.kind()),
        ("1d 13h 59m 59s".to_owned(), ApprovalKind::Persistent)
    );
    let later = Given { at: "2026-11-26T00:00:00Z".parse().unwrap(), ..given };
    assert_eq!(codes(&accept(&found, &ask.question(), &later).unwrap_err()), ["review-due"]);
}

#[test]
fn any_one_alternative_suffices_and_one_kind_can_be_asked_for() {
    let policy = rule("reviewers: {persons: [bob]}, manager, git: {persons: [dave]}");
    let ask = ask("pods shop/a");
    let by = |person, proof, via| accepted(&ask, &policy, &Given { via, ..votes(&[(person, proof)]) });
    assert_eq!(by("carol", Proof::Bot, None).unwrap().1, ApprovalKind::Manager);
    assert_eq!(by("dave", Proof::Review, None).unwrap().1, ApprovalKind::Git);
    assert!(by("carol", Proof::Bot, Some(ApprovalKind::Reviewers)).is_err());
    assert_eq!(by("carol", Proof::Bot, Some(ApprovalKind::Auto)), Err(vec!["no-such-approval"]));
    assert_eq!(by("carol", Proof::Bot, Some(ApprovalKind::Preapproval)), Err(vec!["no-such-approval"]));
}

#[test]
fn of_a_bundle_the_strictest_approval_counts() {
    let policy = policy(
        "rules:\n\
         - {name: db, requestor: any, resource: {k8s: {namespaces: [db]}}, approval: [reviewers: {persons: [bob, carol], count: 2}]}\n\
         - {name: rest, requestor: any, resource: any, approval: [reviewers: {persons: [bob]}, auto: {schedules: [P1]}]}\n",
    );
    let (one, other) = (ask("pods shop/a"), ask("pods db/a"));
    let matches = [one.answer(&policy).unwrap(), other.answer(&policy).unwrap()];
    assert_eq!(strictest(&matches).unwrap().rule.as_str(), "db");
    let (first, second) = (one.question(), other.question());
    let members = [(&matches[0], &first), (&matches[1], &second)];
    let by = |names: &[&str]| {
        accept_all(&members, &votes(&names.iter().map(|name| (*name, Proof::Bot)).collect::<Vec<_>>()))
    };
    assert!(by(&["bob"]).is_err());
    assert_eq!(by(&["bob", "carol"]).unwrap().len(), 2);
    assert!(strictest(&[]).is_none());
}

#[test]
fn a_part_of_the_selection_asks_what_its_own_rule_asks() {
    let rules = |first: &str| {
        policy(&format!(
            "rules:\n\
             - {{name: first, requestor: any, {first}}}\n\
             - {{name: rest, requestor: any, resource: any, approval: [reviewers: {{persons: [bob]}}]}}\n"
        ))
    };
    let by = |persons: &[&str]| {
        votes(&persons.iter().map(|person| (*person, Proof::Signature)).collect::<Vec<_>>())
    };
    let two = "approval: [reviewers: {persons: [carol, dave], count: 2}]";
    let exec = |text: &str| {
        let mut ask = ask(text);
        ask.selection = ask.selection.with_subresources(["exec", "log"]).unwrap();
        ask
    };
    for (first, whole, beside) in [
        ("resource: {k8s: {names: [db]}}", ask("pods shop/*"), ask("pods shop/web")),
        ("resource: {k8s: {namespaces: [shop]}}", ask("pods */*"), ask("pods eu/*")),
        ("resource: {k8s: {namespaces: [shop]}}", ask("namespaces shop"), ask("namespaces eu")),
        (
            "resource: {k8s: {resources: [pods], subresources: [exec]}}",
            exec("pods shop/a"),
            ask("configmaps shop/a"),
        ),
    ] {
        let policy = rules(&format!("{first}, {two}"));
        for too_few in [&["bob"][..], &["carol", "dave"], &["bob", "dave"]] {
            assert!(accepted(&whole, &policy, &by(too_few)).is_err(), "{first} by {too_few:?}");
        }
        let told = accepted(&whole, &policy, &by(&["bob", "carol", "dave"])).unwrap();
        assert_eq!(told.0, ["bob", "carol", "dave"], "{first}");
        let found = whole.answer(&policy).unwrap();
        assert_eq!((found.rule.as_str(), found.approvers().len()), ("rest", 3), "{first}");
        assert!(accepted(&beside, &policy, &by(&["bob"])).is_ok(), "{first}");
    }
}

#[test]
fn a_part_that_is_refused_refuses_the_whole_and_being_on_call_asks_no_person() {
    let rules = |first: &str| {
        policy(&format!(
            "rules:\n\
             - {{name: first, requestor: any, resource: {{k8s: {{names: [db]}}}}, {first}}}\n\
             - {{name: rest, requestor: any, resource: any, approval: [reviewers: {{persons: [bob]}}]}}\n"
        ))
    };
    let by_bob = || votes(&[("bob", Proof::Signature)]);
    let asked = |first: &str, length: &str| {
        accepted(&ask("pods shop/*").for_so_long(length), &rules(first), &by_bob()).map(|(by, _)| by)
    };
    let on_call = "approval: [auto: {schedules: [P1]}]";
    assert_eq!(asked(on_call, "1h"), Ok(vec!["bob".to_owned()]));
    let gone = "approval: [reviewers: {persons: [gone]}]";
    assert_eq!(asked(gone, "1h"), Err(vec!["part"]));
    let shorter = "approval: [reviewers: {persons: [bob]}], options: {maxDuration: 1h}";
    assert_eq!(asked(shorter, "2h"), Err(vec!["part"]));
    assert_eq!(asked(shorter, "1h"), Ok(vec!["bob".to_owned()]));
    let sentence = ask("pods shop/*").answer(&rules(gone)).unwrap_err()[0].sentence();
    assert!(sentence.contains("falls under the rule `first`"), "{sentence}");
}
