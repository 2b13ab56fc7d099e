use super::*;

const HEAD: &str = "apiVersion: p0.dev/v1alpha1\nkind: Identities\n";
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICdBCczJYIQ1d/Q1psz1qCvxSrvTh5CBo07bcLyuT8go alice@laptop";

fn read(body: &str) -> Result<Identities, YamlError> {
    Identities::read(&format!("{HEAD}{body}"))
}

fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

#[test]
fn a_person_is_found_by_everything_known_of_them() {
    let identities = read(&format!(
        "persons:\n- name: alice\n  kubernetes: [alice@example.com, ServiceAccount/ci/alice]\n  \
         slack: {{team: T1, user: U1}}\n  forge: Alice-GH\n  sshKeys: [{KEY}]\n  groups: [sre]\n- name: bob\n  groups: [sre, dev]\n"
    ))
    .unwrap();
    let alice = identities.by_name(&name("alice")).unwrap();
    for found in [
        identities.by_subject(&"alice@example.com".parse().unwrap()),
        identities.by_subject(&"ServiceAccount/ci/alice".parse().unwrap()),
        identities.by_slack(&SlackId { team: "T1".to_owned(), user: "U1".to_owned() }),
        identities.by_forge("alice-gh", 7),
        identities.by_key(&PublicKey::from_openssh(KEY).unwrap()),
    ] {
        assert_eq!(found, Ok(alice));
    }
    assert_eq!(identities.subject_of(alice).unwrap().to_string(), "User/alice@example.com");
    assert_eq!(identities.members(&GroupName::new("sre").unwrap()).count(), 2);
    assert!(identities.by_subject(&"Group/sre".parse().unwrap()).is_err());
    assert!(identities.by_subject(&"Alice@example.com".parse().unwrap()).is_err());
    assert!(identities.subject_of(identities.by_name(&name("bob")).unwrap()).is_err());
}

#[test]
fn what_two_persons_share_refuses_the_file_at_the_second() {
    for shared in [
        "kubernetes: [x]".to_owned(),
        "slack: {team: T1, user: U1}".to_owned(),
        "forge: x".to_owned(),
        "forgeId: 7".to_owned(),
        "pagerduty: P1".to_owned(),
        "iamArn: arn:aws:iam::123456789012:user/x".to_owned(),
        format!("sshKeys: [{KEY}]"),
    ] {
        let error = read(&format!("persons:\n- name: a\n  {shared}\n- name: b\n  {shared}\n")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 6") && text.contains("`a`") && text.contains("`b`"), "{shared}: {text}");
    }
    let cased = "persons:\n- name: a\n  forge: Login\n- name: b\n  forge: login\n";
    assert!(read(cased).unwrap_err().to_string().contains("`login`"));
    assert!(read("persons:\n- name: a\n- name: a\n").unwrap_err().to_string().contains("twice"));
    assert!(read("persons:\n- name: a\n  kubernetes: [x, x]\n").unwrap_err().to_string().contains("twice"));
}

#[test]
fn an_address_is_a_user_only_where_the_file_says_so() {
    let persons = "persons:\n- {name: a, email: a@example.com}\n- {name: b, email: b@elsewhere.org}\n\
                   - {name: c, email: c@example.com, kubernetes: [carl]}\n";
    let subject = |text: &str| text.parse::<Subject>().unwrap();
    let without = read(persons).unwrap();
    assert!(without.by_subject(&subject("a@example.com")).is_err());
    let with = read(&format!("emailAsUser: {{domains: [example.com]}}\n{persons}")).unwrap();
    assert_eq!(with.by_subject(&subject("a@example.com")).unwrap().name, name("a"));
    assert!(with.by_subject(&subject("b@elsewhere.org")).is_err());
    assert!(with.by_subject(&subject("c@example.com")).is_err());
    let clash = "emailAsUser: {domains: [example.com]}\npersons:\n- {name: a, email: a@example.com}\n\
                 - {name: b, kubernetes: [a@example.com]}\n";
    assert!(read(clash).is_err());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (entry, words) in [
        ("{name: Alice}", "not a name"),
        ("{name: a, kubernetes: [Group/sre]}", "one person"),
        ("{name: a, kubernetes: ['system:admin']}", "cannot be `a` in Kubernetes"),
        ("{name: a, sshKeys: [nonsense]}", "cannot be read"),
        ("{name: a, slack: {team: acme, user: U1}}", "ids"),
        ("{name: a, forge: ''}", "is empty"),
        ("{name: a, pagerduty: alice@example.com}", "PagerDuty"),
        ("{name: a, nickname: b}", "unknown field"),
        ("{name: a, iamArn: 'arn:aws:iam::1:user/x'}", "12 digits"),
        ("{name: a, iamArn: 'arn:aws:iam::123456789012:role/Admin'}", "not one person"),
    ] {
        let error = read(&format!("persons:\n- {entry}\n")).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("line 4"), "{entry}: {error}");
    }
}

#[test]
fn a_pattern_gives_an_identity_to_each_person_who_has_none() {
    const SSO: &str = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef";
    let persons = "persons:\n- {name: a, email: a@example.com}\n- {name: b}\n\
                   - {name: c, email: c@example.com, iamArn: 'arn:aws:iam::123456789012:user/c'}\n";
    let arn = |file: &str, person: &str| {
        let identities = read(file).unwrap();
        identities.by_name(&name(person)).unwrap().iam.as_ref().map(ToString::to_string)
    };
    let by_email = format!("iamArnPattern: '{SSO}/{{email}}'\n{persons}");
    assert_eq!(arn(&by_email, "a"), Some(format!("{SSO}/a@example.com")));
    assert_eq!(arn(&by_email, "b"), None);
    assert_eq!(arn(&by_email, "c").as_deref(), Some("arn:aws:iam::123456789012:user/c"));
    let by_name = format!("iamArnPattern: 'arn:aws:iam::123456789012:user/people/{{name}}'\n{persons}");
    assert_eq!(arn(&by_name, "b").as_deref(), Some("arn:aws:iam::123456789012:user/people/b"));
    for pattern in [
        "{name}",
        "arn:aws:iam::123456789012:user/{name}x",
        "arn:aws:iam::123456789012:user/x-{name}",
        "arn:aws:iam::123456789012:role/{name}",
        "arn:aws:iam::123456789012:user/x",
    ] {
        let error = read(&format!("iamArnPattern: '{pattern}'\n{persons}")).unwrap_err().to_string();
        assert!(error.contains("no pattern of IAM ARNs"), "{pattern}: {error}");
    }
    // A pattern cannot make one identity two persons.
    let clash = format!("{by_name}- {{name: d, iamArn: 'arn:aws:iam::123456789012:user/people/b'}}\n");
    assert!(read(&clash).unwrap_err().to_string().contains("is `b`'s already"));
    let odd =
        format!("iamArnPattern: '{SSO}/{{email}}'\npersons:\n- {{name: a, email: 'a b@example.com'}}\n");
    assert!(read(&odd).unwrap_err().to_string().contains("the IAM ARN of `a`"));
}

/// Logins are given to others once an account is deleted; its number is not.
#[test]
fn a_login_with_another_number_is_another_account() {
    let text = format!("{HEAD}persons:\n- {{name: a, forge: octo, forgeId: 7}}\n- {{name: b, forge: cat}}\n");
    let identities = Identities::read(&text).unwrap();
    let who = |login: &str, id| identities.by_forge(login, id).map(|person| person.name.to_string()).ok();
    assert_eq!(who("octo", 7).as_deref(), Some("a"));
    assert_eq!(who("renamed", 7).as_deref(), Some("a"));
    assert_eq!(who("Octo", 8), None);
    assert_eq!(who("cat", 8).as_deref(), Some("b"));
}
