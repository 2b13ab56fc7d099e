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
        identities.by_forge("alice-gh"),
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
        "iamArn: arn:aws:iam::1:user/x".to_owned(),
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
        ("{name: a, nickname: b}", "unknown field"),
    ] {
        let error = read(&format!("persons:\n- {entry}\n")).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("line 4"), "{entry}: {error}");
    }
}
