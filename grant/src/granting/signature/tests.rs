use super::*;
use ssh_key::private::Ed25519Keypair;

const GRANT: Purpose = Purpose::Grant;

fn key(seed: u8) -> ssh_key::PrivateKey {
    ssh_key::PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn signers(options: &str, seed: u8) -> AllowedSigners {
    AllowedSigners::read(&format!("bot {options}{}\n", key(seed).public_key().to_openssh().unwrap())).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_signature_counts_over_its_own_text_by_a_known_key() {
    let signature = Signature::make(GRANT, &key(1), b"text").unwrap();
    let now = at("2026-11-24T10:00:00Z");
    let verify = |text: &[u8], options: &str, seed| {
        let signers = signers(options, seed);
        signature.verify(GRANT, text, &signers, now, now).map(|signer| signer.principals().to_vec())
    };
    assert_eq!(verify(b"text", "", 1), Ok(vec!["bot".to_owned()]));
    assert!(matches!(verify(b"texT", "", 1), Err(Refused::Mismatch(_))));
    assert!(matches!(verify(b"text", "", 2), Err(Refused::UnknownKey(_))));
    assert!(matches!(verify(b"text", "namespaces=\"git\" ", 1), Err(Refused::NotForThis { .. })));
    assert!(verify(b"text", "namespaces=\"git,p0.dev/*\" ", 1).is_ok());
}

#[test]
fn a_key_counts_only_if_it_was_valid_when_the_grant_was_made_and_is_now() {
    let signature = Signature::make(GRANT, &key(1), b"text").unwrap();
    let signers = signers("valid-after=\"20260101Z\",valid-before=\"20270101Z\" ", 1);
    let (before, during, later, after) = (
        at("2025-12-31T23:59:59Z"),
        at("2026-06-01T00:00:00Z"),
        at("2026-07-01T00:00:00Z"),
        at("2027-06-01T00:00:00Z"),
    );
    for (made_at, now, wrong) in [
        (during, during, None),
        (during, later, None),
        (before, during, Some(before)),
        (during, after, Some(after)),
        (before, after, Some(before)),
    ] {
        let answer = signature.verify(GRANT, b"text", &signers, made_at, now).map(drop);
        let expected = wrong.map_or(Ok(()), |at| Err(Refused::NotValid { key: signature.key(), at }));
        assert_eq!(answer, expected, "made at {made_at}, now {now}");
    }
}

#[test]
fn a_signature_for_another_purpose_does_not_count() {
    let login = key(1).sign("git", HashAlg::Sha512, b"text").unwrap().to_pem(LineEnding::LF).unwrap();
    let signature = Signature::read(&login).unwrap();
    let now = at("2026-11-24T10:00:00Z");
    let answer = signature.verify(GRANT, b"text", &signers("", 1), now, now).map(drop);
    assert_eq!(answer, Err(Refused::Purpose { found: "git".to_owned(), wanted: "p0.dev/grant" }));
}

#[test]
fn there_is_one_spelling() {
    let armor = Signature::make(GRANT, &key(1), b"text").unwrap().armor().to_owned();
    assert_eq!(Signature::read(&armor).unwrap().armor(), armor);
    for edited in [
        format!("{armor}\n"),
        format!(" {armor}"),
        armor.trim_end().to_owned(),
        armor.replace('\n', "\r\n"),
        armor.replacen("U1NIU0lH", "U1NIU0lH\n", 1),
        String::new(),
        "x".repeat(5000),
    ] {
        assert!(Signature::read(&edited).is_err(), "{edited:?}");
    }
}

#[test]
fn no_single_changed_character_of_the_armor_still_counts() {
    let (armor, signers, now) = (
        Signature::make(GRANT, &key(1), b"text").unwrap().armor().to_owned(),
        signers("", 1),
        at("2026-11-24T10:00:00Z"),
    );
    for index in 0..armor.len() {
        for replacement in ["A", "/", "\n", "="] {
            let mut edited = armor.clone();
            edited.replace_range(index..=index, replacement);
            let counts = Signature::read(&edited)
                .is_ok_and(|read| read.verify(GRANT, b"text", &signers, now, now).is_ok());
            assert!(!counts || edited == armor, "{edited}");
        }
    }
}

#[test]
fn an_agents_answer_is_the_same_signature() {
    let key = key(1);
    let raw = key.sign(GRANT.namespace(), HashAlg::Sha512, b"text").unwrap().signature().clone();
    let made = Signature::from_agent(GRANT, key.public_key(), b"text", raw).unwrap();
    assert_eq!(made, Signature::make(GRANT, &key, b"text").unwrap());
}

#[test]
fn an_agents_answer_for_another_key_or_text_is_refused() {
    let raw = |seed| key(seed).sign(GRANT.namespace(), HashAlg::Sha512, b"text").unwrap().signature().clone();
    for (asked, message, answer) in [(2, b"text", raw(1)), (1, b"texT", raw(1)), (1, b"text", raw(2))] {
        let made = Signature::from_agent(GRANT, key(asked).public_key(), message, answer);
        assert!(matches!(made, Err(SignatureError::NotByKey(_))), "{made:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_with_a_changed_byte_is_the_signed_text(
        text in proptest::collection::vec(proptest::num::u8::ANY, 1..200),
        place in proptest::prelude::any::<proptest::sample::Index>(),
        change in 1..=u8::MAX,
    ) {
        let (signature, signers) = (Signature::make(GRANT, &key(1), &text).unwrap(), signers("", 1));
        let now = at("2026-11-24T10:00:00Z");
        let read = Signature::read(signature.armor());
        proptest::prop_assert_eq!(read.as_ref(), Ok(&signature));
        proptest::prop_assert!(signature.verify(GRANT, &text, &signers, now, now).is_ok());
        let mut edited = text.clone();
        edited[place.index(text.len())] ^= change;
        proptest::prop_assert!(matches!(
            signature.verify(GRANT, &edited, &signers, now, now),
            Err(Refused::Mismatch(_))
        ));
    }
}
