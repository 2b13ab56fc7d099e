//! Debugging: a provider that a person starts, and the line that makes Terraform and OpenTofu use it.

use serde_json::json;

use super::Options;
use super::handshake::PROTOCOL;
use super::place::Place;

/// OpenTofu's own registry, where `NAMESPACE/NAME` alone means.
const TOFU: &str = "registry.opentofu.org";

/// What to put into the environment of Terraform.
pub(super) fn line(options: &Options, place: &Place) -> String {
    let how = json!({
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL,
        "Pid": std::process::id(),
        // Terraform is not to end what it has not started.
        "Test": true,
        "Addr": { "Network": place.network, "String": place.address },
    });
    let (_, name) = options.address.split_once('/').unwrap_or(("", options.address));
    let providers = json!({ options.address: how, format!("{TOFU}/{name}"): how });
    format!("TF_REATTACH_PROVIDERS='{providers}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_programs_find_the_provider() {
        let options = Options { address: "registry.terraform.io/example/pets", log_targets: &[] };
        let line = line(&options, &Place { network: "unix", address: "/tmp/socket".to_owned() });
        let json = line.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
        let providers: serde_json::Value = serde_json::from_str(json).unwrap();
        for address in [options.address, "registry.opentofu.org/example/pets"] {
            let how = &providers[address];
            assert_eq!(how["ProtocolVersion"], 6);
            assert_eq!(how["Test"], true);
            assert_eq!(how["Addr"]["String"], "/tmp/socket");
        }
    }
}
