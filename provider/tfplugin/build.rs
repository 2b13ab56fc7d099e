//! Compiles the protocol's text to Rust, without protoc, and keeps its description for the test that holds it against the
//! published table.

use std::error::Error;
use std::path::Path;

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let protos = ["proto/tfplugin6.proto", "proto/plugin.proto", "proto/health.proto"];
    for proto in protos {
        println!("cargo::rerun-if-changed={proto}");
    }
    let descriptors = protox::compile(protos, ["proto"])?;
    let kept = Path::new(&std::env::var("OUT_DIR")?).join("descriptors.bin");
    std::fs::write(kept, descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
