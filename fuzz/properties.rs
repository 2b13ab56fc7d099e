//! What must hold for any bytes at all. The fuzz targets call these, and so does `tests/tests/corpus.rs` on stable Rust.

use p0_access::identity::Identities;
use p0_access::policy::{Answer, Policy, Question, Risk, Stated, Term, decide};
use p0_access::preapproval::Preapproval;
use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::file::{AwsAuthFile, FileAddition};
use p0_grant::aws_auth::{Addition, AwsAuth, Owner};
use p0_grant::catalogue::{Catalogue, read_roles};
use p0_grant::locator::Locator;
use p0_grant::manifest::Manifest;
use p0_grant::mapping::Mapping;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::signers::AllowedSigners;
use tfplugin::value::json::Attributes;
use tfplugin::value::{Type, json, msgpack};

/// What must hold for any bytes; it panics where it does not.
pub type Property = fn(&[u8]);

/// A name and the property of that name, as the targets and the corpus folders are called.
pub const ALL: [(&str, Property); 10] = [
    ("aws_auth", aws_auth),
    ("aws_auth_file", aws_auth_file),
    ("grant", grant),
    ("locator", locator),
    ("policy", policy),
    ("provider_json", provider_json),
    ("provider_msgpack", provider_msgpack),
    ("roles", roles),
    ("signature", signature),
    ("signers", signers),
];

/// What is added to a list of `aws-auth` is taken out again with the bytes as they were; what is there already stays. The
/// lists are one text, as users and as roles.
pub fn aws_auth(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let roles = text.replace("userarn", "rolearn");
    let data = [("mapUsers".to_owned(), text.to_owned()), ("mapRoles".to_owned(), roles)].into();
    let Ok(read) = AwsAuth::read(&data) else { return };
    for (arn, name) in [
        ("arn:aws:iam::123456789012:user/alice", "alice@example.com"),
        ("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol", "corp:carol"),
    ] {
        let (identity, _) = IamIdentity::read(arn).expect("an ARN");
        let mapping = Mapping::new(identity, name).expect("a mapping");
        let Ok(Addition::Edit(edit)) = read.add(&mapping, Owner::P0Gitops) else { continue };
        let mut after = data.clone();
        after.insert(edit.key().name().to_owned(), edit.after().expect("a value").to_owned());
        let removal =
            AwsAuth::read(&after).expect("what was edited").remove(mapping.identity(), Owner::P0Gitops);
        let removal = removal.expect("it is ours").expect("an entry");
        assert_eq!(removal.after(), data.get(edit.key().name()).map(String::as_str));
    }
}

/// What is added to a manifest of `aws-auth` is taken out again with the bytes as they were.
pub fn aws_auth_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(file) = AwsAuthFile::read(text) else { return };
    for (arn, name) in [
        ("arn:aws:iam::123456789012:user/alice", "alice@example.com"),
        ("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol", "corp:carol"),
    ] {
        let (identity, _) = IamIdentity::read(arn).expect("an ARN");
        let mapping = Mapping::new(identity, name).expect("a mapping");
        let Ok(FileAddition::Edited(after)) = file.add(&mapping, Owner::P0Gitops) else { continue };
        let changed = AwsAuthFile::read(&after).expect("what was edited");
        let back = changed.remove(mapping.identity(), Owner::P0Gitops).expect("it is ours");
        assert_eq!(back.as_deref(), Some(text));
    }
}

/// A file that reads as a grant is written as the same bytes, and what is signed of it is one text. The quick look at what
/// was written here answers as the reader of YAML does.
pub fn grant(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = Manifest::read(text);
    assert_eq!(read, Manifest::read_strictly(text));
    let Ok(manifest) = read else { return };
    assert_eq!(manifest.to_yaml().as_deref(), Ok(text));
    let signed = manifest.signed_text().expect("what was read can be written");
    assert_eq!(signed == text, manifest.claims().signature.is_none());
    assert!(manifest.claims().rules.iter().all(|rule| rule.as_resource().is_some()));
}

/// A locator resolves to a selection whose text reads back, or to an error that can be told.
pub fn locator(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(locator) = text.parse::<Locator>() else { return };
    match locator.resolve(&Catalogue::embedded().expect("the embedded catalogue")) {
        Ok(selection) => {
            let parts: p0_grant::selection::SelectionText =
                selection.to_string().parse().expect("a selection's own text");
            assert_eq!(&parts.target, selection.target());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What a person may write about who may have what: it is read or refused with a place, and what was read answers. Without
/// persons the answer is no.
pub fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(preapproval) = Preapproval::read("vpl5aqzpwnnqmnkrzze2.yaml", text) {
        assert!(preapproval.open(&Identities::default(), None).is_err());
    }
    let persons =
        "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons: [{name: alice, kubernetes: [alice@x]}]\n";
    let alone = Identities::read(persons).expect("one person");
    if let Ok(read) = Identities::read(text) {
        let marked =
            read.iter().filter_map(|person| read.subject_of(person).ok().map(|subject| (person, subject)));
        marked.into_iter().for_each(|(person, subject)| assert_eq!(read.by_subject(&subject), Ok(person)));
    }
    let Ok(policy) = Policy::read(text) else { return };
    assert_eq!(policy.digest().len(), 64);
    let selection = "deploy / shop / web".parse::<Locator>().expect("a locator");
    let selection =
        selection.resolve(&Catalogue::embedded().expect("the embedded catalogue")).expect("a selection");
    let (requester, cluster) = ("alice".parse().expect("a name"), "prod".parse().expect("a name"));
    let (subject, role) = ("alice@x".parse().expect("a subject"), "view".parse().expect("a role"));
    let question = Question {
        requester: &requester,
        subject: &subject,
        cluster: &cluster,
        role: &role,
        selection: &selection,
        risk: Risk::default(),
        term: Term::For(None),
        reason: Stated::Nothing,
    };
    match decide(&policy, &alone, &question) {
        Answer::Refused(reasons) => assert!(!reasons.is_empty()),
        Answer::Matched(found) => assert!(!found.alternatives.is_empty()),
    }
    assert!(matches!(decide(&policy, &Identities::default(), &question), Answer::Refused(_)));
}

/// Roles that were read make a catalogue that reads back equal.
pub fn roles(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(list) = read_roles(text) else { return };
    let Ok(catalogue) = Catalogue::new("v1.36.3", Vec::new(), Vec::new(), list.roles) else { return };
    let written = catalogue.write().expect("a catalogue can be written");
    assert_eq!(Catalogue::read(&written).as_ref(), Ok(&catalogue));
}

/// A signature has one spelling, and a signature counts only by the key that made it.
pub fn signature(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(signature) = Signature::read(text) else { return };
    assert_eq!(signature.armor(), text);
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert!(signature.verify(Purpose::Grant, b"text", &AllowedSigners::default(), now, now).is_err());
}

/// Signers that were read have principals, and answer for any namespace and time.
pub fn signers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(signers) = AllowedSigners::read(text) else { return };
    for signer in signers.iter() {
        assert!(!signer.principals().is_empty());
        let _either =
            (signer.may_sign(Purpose::Grant.namespace()), signer.is_valid_at(jiff::Timestamp::UNIX_EPOCH));
    }
}

/// What Terraform keeps: a value that was read is written as the same value. The type stands on the first line.
pub fn provider_json(bytes: &[u8]) {
    let Some((of, bytes)) = typed(bytes) else { return };
    let Ok(value) = json::read(bytes, &of, Attributes::Exact) else { return };
    let written = json::write(&value, &of).expect("what was read can be written");
    assert_eq!(json::read(written.as_bytes(), &of, Attributes::Exact), Ok(value));
}

/// What Terraform sends: a value that was read is written as the same value. The type stands on the first line.
pub fn provider_msgpack(bytes: &[u8]) {
    let Some((of, bytes)) = typed(bytes) else { return };
    let Ok(value) = msgpack::read(bytes, &of) else { return };
    let written = msgpack::write(&value, &of).expect("what was read can be written");
    assert_eq!(msgpack::read(&written, &of), Ok(value));
}

fn typed(bytes: &[u8]) -> Option<(Type, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (of, rest) = bytes.split_at_checked(end)?;
    Some((serde_json::from_slice(of).ok()?, rest.get(1..)?))
}
