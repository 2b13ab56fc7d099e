use super::*;

#[test]
fn everything_that_can_be_said_is_read() {
    let text = format!(
        "{HEAD}demo: true\nfrozen: true\nnotify: {{channel: C1, remindAfter: 30m, escalateAfter: 2h, escalateTo: C2}}\n\
         warnings:\n- {{clusters: ['prod*'], roles: [ClusterRole/edit], text: Careful.}}\n\
         durations: {{presets: [30m], default: 30m, max: 2h, maxTotal: 1d}}\nonCall: {{routing: off}}\n\
         pendingTimeout: 1d\nmergeWithin: 10m\nsecondChannel: CRITICAL\ntrustedGroups: [leads]\n\
         rules:\n- name: all\n  requestor: {{group: {{names: [sre], effect: remove}}}}\n  \
         resource: {{k8s: {{clusters: [prod], roles: [ClusterRole/view, 'Role/shop/*'], resources: [pods, '*.apps'], \
         namespaces: ['shop-*'], names: ['web?'], subresources: [log]}}}}\n  \
         approval:\n  - reviewers: {{persons: [bob], groups: [leads], count: 2}}\n  - manager\n  \
         - auto: {{integration: pagerduty, schedules: [P1], escalationPolicies: [E1], maxLevel: 2, duration: 2h, maxDanger: NOTE}}\n  \
         - git: {{persons: [bob]}}\n  - persistent: {{reviewBy: 2027-03-31, groups: [leads]}}\n  \
         options: {{allowOneParty: true, requireReason: true, reasonPattern: '*-?', requireDuration: true, defaultDuration: 30m, \
         maxDuration: 1h, maxTotalDuration: 4h, allowPrivileged: true, allowSharedSubject: true, maxDanger: BLOCK, secondChannel: HIGH}}\n  notify: {{channel: C3}}\n"
    );
    let policy = Policy::read(&text).unwrap();
    let settings = policy.settings();
    assert!(settings.demo && settings.frozen && settings.on_call == Routing::Off);
    assert_eq!(
        (settings.merge_within.to_string(), settings.second_channel),
        ("10m".to_owned(), Class::Critical)
    );
    let told = policy.notify_of("all");
    assert_eq!((told.channel.as_deref(), told.escalate_to.as_deref()), (Some("C3"), Some("C2")));
    assert_eq!(policy.notify_of("gone").channel.as_deref(), Some("C1"));
    assert_eq!(policy.channels().into_iter().collect::<Vec<_>>(), ["C1", "C2", "C3"]);
    let about = |cluster: &str, role: &str| {
        settings.warnings[0].is_about(&cluster.parse().unwrap(), &role.parse().unwrap())
    };
    assert!(about("prod-eu", "ClusterRole/edit"));
    assert!(!about("staging", "ClusterRole/edit") && !about("prod-eu", "ClusterRole/view"));
    assert_eq!(policy.digest(), crate::digest::sha256(text.as_bytes()));
    assert_eq!(policy.rule(&RuleName::new("all").unwrap()).unwrap().approval.len(), 5);
}

#[test]
fn what_is_left_out_has_the_careful_value() {
    let policy =
        policy("rules:\n- {name: r, requestor: any, resource: any, approval: [auto: {schedules: [P1]}]}\n");
    let Approval::Auto(auto) = &policy.rules()[0].approval[0] else { panic!("{policy:?}") };
    assert_eq!((auto.max_level, auto.duration, auto.max_danger), (1, Lifetime::hours(1), Class::High));
    let settings = policy.settings();
    assert!(!settings.demo && settings.second_channel == Class::Block && settings.trusted_groups.is_empty());
    assert_eq!(policy.rules()[0].options.worst_danger(), Class::Critical);
}

#[test]
fn a_rule_that_means_nothing_is_refused_at_its_line() {
    let reviewed = "approval: [reviewers: {persons: [bob]}]";
    for (rule, words) in [
        ("approval: []".to_owned(), "no approval"),
        ("approval: [deny, manager]".to_owned(), "stands alone"),
        ("approval: [deny], options: {requireReason: true}".to_owned(), "no options"),
        ("approval: [deny], notify: {channel: C1}".to_owned(), "asks no approver"),
        (format!("{reviewed}, notify: {{remindAfter: 7d}}"), "has ended by then"),
        ("approval: [reviewers: {}]".to_owned(), "names no approver"),
        ("approval: [reviewers: {persons: [bob], count: 0}]".to_owned(), "at least 1"),
        ("approval: [reviewers: {groups: [strangers]}]".to_owned(), "trustedGroups"),
        ("approval: [auto: {}]".to_owned(), "schedules"),
        ("approval: [auto: {schedules: [P1], maxLevel: 0}]".to_owned(), "maxLevel"),
        ("approval: [everybody]".to_owned(), "unknown variant"),
        (format!("{reviewed}, options: {{maxDanger: BLOCK}}"), "allowPrivileged"),
        (format!("{reviewed}, options: {{defaultDuration: 2d}}"), "defaultDuration"),
        (format!("{reviewed}, options: {{maxTotalDuration: 1m}}"), "maxTotalDuration"),
        (format!("{reviewed}, options: {{maxDuration: soon}}"), "not a duration"),
        (format!("{reviewed}, options: {{allowOneparty: true}}"), "unknown field"),
    ] {
        let text = format!("{HEAD}rules:\n- {{name: r, requestor: any, resource: any, {rule}}}\n");
        let error = Policy::read(&text).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("line 4, column "), "{rule}: {error}");
    }
    for (resource, words) in [
        ("{k8s: {roles: [view]}}", "ClusterRole/view"),
        ("{k8s: {resources: [Pod*]}}", "small letters"),
        ("{k8s: {resources: [pods/log]}}", "small letters"),
        ("{k8s: {namespaces: []}}", "empty list"),
        ("{k8s: {namespaces: ['[ab]']}}", "nothing else"),
        ("{k8s: {namespace: [a]}}", "unknown field"),
    ] {
        let text = format!("{HEAD}rules:\n- {{name: r, requestor: any, resource: {resource}, {reviewed}}}\n");
        let error = Policy::read(&text).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("line 4, column "), "{resource}: {error}");
    }
}

#[test]
fn the_whole_file_is_held_to_order() {
    let rule = "- {name: r, requestor: any, resource: any, approval: [manager]}\n";
    for (body, words) in [
        (format!("rules:\n{rule}{rule}"), "line 5"),
        ("durations: {default: 2h, max: 1h}\n".to_owned(), "default 2h"),
        ("durations: {max: 8d}\n".to_owned(), "extensions"),
        ("durations: {presets: [2d]}\n".to_owned(), "preset 2d"),
        ("notify: {remindAfter: 2h, escalateAfter: 1h}\n".to_owned(), "does not come before"),
        ("notify: {escalateTo: C1}\n".to_owned(), "escalateAfter"),
        ("warnings: [{text: ''}]\n".to_owned(), "no text"),
        ("warnings: [{roles: [edit], text: a}]\n".to_owned(), "ClusterRole/edit"),
        ("rule: []\n".to_owned(), "unknown field"),
        ("rules: []\nrules: []\n".to_owned(), "line 4"),
        ("frozen: yes\n".to_owned(), "line 3"),
    ] {
        let error = Policy::read(&format!("{HEAD}{body}")).unwrap_err().to_string();
        assert!(error.contains(words), "{body}: {error}");
    }
    assert!(Policy::read("kind: Policy\n").is_err() && Policy::read("").is_err());
}
