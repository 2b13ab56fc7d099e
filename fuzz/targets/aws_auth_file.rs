//! Any bytes as a list of `aws-auth`: the property is in `properties.rs`.
#![no_main]

#[expect(dead_code, reason = "each target uses one property of the file")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::aws_auth_file(bytes));
