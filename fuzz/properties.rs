//! What must hold for any bytes at all. The fuzz targets call these, and so does `tests/tests/corpus.rs` on stable Rust.

use p0_grant::catalogue::{Catalogue, read_roles};
use p0_grant::locator::Locator;
use p0_grant::manifest::Manifest;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::signers::AllowedSigners;

/// What must hold for any bytes; it panics where it does not.
pub type Property = fn(&[u8]);

/// A name and the property of that name, as the targets and the corpus folders are called.
pub const ALL: [(&str, Property); 5] = [
    ("grant", grant),
    ("locator", locator),
    ("roles", roles),
    ("signature", signature),
    ("signers", signers),
];

/// A file that reads as a grant is written as the same bytes, and what is signed of it is one text.
pub fn grant(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(manifest) = Manifest::read(text) else { return };
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

/// Roles that were read make a catalogue that reads back equal.
pub fn roles(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(roles) = read_roles(text) else { return };
    let Ok(catalogue) = Catalogue::new("v1.36.3", Vec::new(), Vec::new(), roles) else { return };
    let written = catalogue.write().expect("a catalogue can be written");
    assert_eq!(Catalogue::read(&written).as_ref(), Ok(&catalogue));
}

/// A signature has one spelling, and no signature counts that nobody's key made.
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
