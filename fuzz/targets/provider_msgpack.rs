//! Any bytes as provider_msgpack: the property is in `properties.rs`.
#![no_main]

#[expect(dead_code, reason = "each target uses one property of the file")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::provider_msgpack(bytes));
