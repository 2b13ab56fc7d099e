//! Archives, the provider's zips, images, digests and signatures.

use std::path::{Path, PathBuf};
use std::process::Command;

use p0_tests::program::{Run, finish, program};
use p0_tests::terraform::{Plugin, Tool, Workspace, platform};
use serde_json::Value;

use crate::root;

/// A folder of a release, with a keyring of its own.
struct Release {
    folder: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// One with the programs of the tests.
    fn of_the_tests() -> Self {
        Self::taking(|name, at| {
            let program = if name == "p0-gitops" { program() } else { Plugin::P0.executable() };
            // Without what debuggers want, which would be packed for a minute.
            finish(Command::new("strip").arg("-o").arg(at).arg(program)).done();
        })
    }

    /// One with scripts in the programs' places.
    fn of_scripts() -> Self {
        Self::taking(|_, at| std::fs::write(at, "#!/bin/sh\necho done\n").expect("written"))
    }

    fn taking(place: impl Fn(&str, &Path)) -> Self {
        let release = Self::new();
        let built = release.path("programs");
        std::fs::create_dir(&built).expect("made");
        for name in ["p0-gitops", "terraform-provider-p0"] {
            place(name, &built.join(name));
        }
        release.run(&["take", &platform(), text(&built)]).done();
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn made(&self, name: &str) -> PathBuf {
        self.path("dist/release").join(name)
    }

    fn gpg(&self) -> PathBuf {
        let home = self.path("gpg");
        std::fs::create_dir_all(&home).expect("made");
        home
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(root().join("release"));
        command.args(arguments).env("P0_DIST", self.path("dist")).env("GNUPGHOME", self.gpg());
        finish(command.env("SOURCE_DATE_EPOCH", "1800000000"))
    }

    fn make_key(&self) {
        let mut gpg = Command::new("gpg");
        gpg.args([
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--quick-generate-key",
            "a test",
            "rsa3072",
            "sign",
            "never",
        ]);
        finish(gpg.env("GNUPGHOME", self.gpg())).done();
    }

    fn digests(&self, product: &str) -> String {
        std::fs::read_to_string(self.made(&format!("{product}_0.1.0_SHA256SUMS"))).expect("digests")
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        let _ended = Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", self.gpg()).status();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn the_archive_runs_the_demo_and_the_zip_is_installed_by_both_tools() {
    let release = Release::of_the_tests();
    release.run(&["package"]).done();
    release.make_key();
    release.run(&["sign"]).done();
    // It verifies digests and signatures, and runs the demo without anything of the checkout.
    release.run(&["check"]).done();
    let zip = release.made(&format!("terraform-provider-p0_0.1.0_{}.zip", platform()));
    for tool in Tool::BOTH {
        let workspace = Workspace::packed(tool, Plugin::P0, &zip);
        workspace.configure(
            "output \"locator\" { value = provider::p0::parse_locator(\"deploy / default / web\") }",
        );
        workspace.run(&["init"]).done();
        workspace.apply().done();
        assert_ne!(workspace.output("locator"), Value::Null);
    }
}

#[test]
fn an_artifact_that_was_changed_is_found() {
    let release = Release::of_scripts();
    release.run(&["package"]).done();
    release.make_key();
    release.run(&["sign"]).done();
    let zip = release.made(&format!("terraform-provider-p0_0.1.0_{}.zip", platform()));
    std::fs::write(&zip, "another one").expect("written");
    let run = release.run(&["check"]);
    assert!(run.code != 0 && (run.out + &run.err).contains("FAILED"));
    // Nor do new digests help without the key.
    release.run(&["package"]).done();
    std::fs::write(&zip, "another one").expect("written");
    let sums = release.made("terraform-provider-p0_0.1.0_SHA256SUMS");
    let digest = finish(Command::new("sha256sum").arg(&zip)).done();
    let digest = digest.split_whitespace().next().expect("a digest").to_owned();
    let name = zip.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let lines: Vec<String> = release
        .digests("terraform-provider-p0")
        .lines()
        .map(|line| if line.ends_with(&name) { format!("{digest}  {name}") } else { line.to_owned() })
        .collect();
    std::fs::write(sums, lines.join("\n") + "\n").expect("written");
    assert!(release.run(&["check"]).ended(1).contains("does not verify"));
}

#[test]
fn equal_programs_give_equal_bytes() {
    let (one, other) = (Release::of_scripts(), Release::of_scripts());
    one.run(&["package"]).done();
    other.run(&["package"]).done();
    for product in ["p0-gitops", "terraform-provider-p0"] {
        assert_eq!(one.digests(product), other.digests(product));
    }
    // What the workflow of `init` fetches is the program itself.
    assert!(
        one.digests("p0-gitops")
            .lines()
            .any(|line| line.ends_with(&format!("p0-gitops_0.1.0_{}", platform())))
    );
}

#[test]
fn the_image_holds_the_program_and_nothing_that_could_be_a_way_in() {
    let release = Release::of_scripts();
    release.run(&["package"]).done();
    let image = release.path("image");
    std::fs::create_dir(&image).expect("made");
    let archive = release.made(&format!("p0-gitops_0.1.0_{}_image.tar", platform()));
    finish(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&image)).done();
    let read = |path: PathBuf| -> Value {
        serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
    };
    let blob =
        |digest: &Value| image.join("blobs").join(digest.as_str().expect("a digest").replace(':', "/"));
    let manifest = read(blob(&read(image.join("index.json"))["manifests"][0]["digest"]));
    let config = read(blob(&manifest["config"]["digest"]));
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/p0-gitops"]));
    let mut files = Vec::new();
    for layer in manifest["layers"].as_array().expect("layers") {
        let listed = finish(Command::new("tar").arg("-tf").arg(blob(&layer["digest"]))).done();
        files.extend(listed.lines().filter(|line| !line.ends_with('/')).map(str::to_owned));
    }
    files.sort();
    assert_eq!(files, ["LICENSE", "etc/ssl/certs/ca-certificates.crt", "p0-gitops"]);
}

#[test]
fn wrong_use_says_what_to_do() {
    let release = Release::new();
    for (arguments, code, words) in [
        (&["build"][..], 1, "./release build x86_64-unknown-linux-musl"),
        (&["build", "riscv64gc-unknown-linux-gnu"], 1, "no release is made for the target"),
        (&["package"], 1, "./release build TARGET"),
        (&["take", "linux_amd64"], 1, "two arguments are needed"),
        (&["publish"], 1, "no registry was named"),
        (&["ship"], 2, "Usage: ./release COMMAND"),
    ] {
        let told = release.run(arguments).ended(code);
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
}
