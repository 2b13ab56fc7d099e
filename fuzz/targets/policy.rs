//! Any bytes as a policy, persons or a preapproval: the property is in `properties.rs`.
#![no_main]

#[expect(dead_code, reason = "each target uses one property of the file")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::policy(bytes));
