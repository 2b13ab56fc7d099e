//! Signatures against OpenSSH itself: `ssh-keygen` accepts ours, we accept its, and both judge keys alike.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use p0_gitops::signing::{KeySource, SigningError, SigningKey, make_key};
use p0_grant::signature::{Purpose, Signature};
use p0_grant::signers::AllowedSigners;
use p0_tests::eventually;
use p0_tests::site::Site;

fn ssh_keygen(arguments: &[&str], input: &[u8]) -> bool {
    let mut child = Command::new("ssh-keygen");
    child.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().expect("ssh-keygen is installed (openssh-client)");
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait().unwrap().success()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Whether OpenSSH accepts `armor` over `text` by `bot`, with the key's options, at a time.
fn openssh_accepts(folder: &Path, armor: &str, text: &[u8], options: &str, public: &str, at: &str) -> bool {
    let (signers, signature) = (folder.join("signers"), folder.join("signature"));
    std::fs::write(&signers, format!("bot {options}{public}\n")).unwrap();
    std::fs::write(&signature, armor).unwrap();
    let time = format!("verify-time={at}Z");
    ssh_keygen(
        &[
            "-Y",
            "verify",
            "-f",
            path(&signers),
            "-I",
            "bot",
            "-n",
            Purpose::Grant.namespace(),
            "-s",
            path(&signature),
            "-O",
            &time,
        ],
        text,
    )
}

#[test]
fn openssh_and_this_project_accept_and_refuse_the_same_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let key = make_key(&folder.path().join("key")).unwrap();
    let public = key.public_line();
    let ours = key.sign(Purpose::Grant, b"text").unwrap();
    std::fs::write(folder.path().join("text"), "text").unwrap();
    let file = folder.path().join("text");
    assert!(ssh_keygen(
        &[
            "-Y",
            "sign",
            "-f",
            path(&folder.path().join("key")),
            "-n",
            Purpose::Grant.namespace(),
            path(&file)
        ],
        b""
    ));
    let theirs = std::fs::read_to_string(folder.path().join("text.sig")).unwrap();
    let theirs = Signature::read(&theirs).expect("what ssh-keygen writes");
    assert_eq!(theirs, ours, "Ed25519 signs alike");
    for (options, at) in [
        ("", "20261124103000"),
        ("namespaces=\"p0.dev/grant\" ", "20261124103000"),
        ("namespaces=\"git,p0.dev/*\" ", "20261124103000"),
        ("namespaces=\"git\" ", "20261124103000"),
        ("namespaces=\"*,!p0.dev/grant\" ", "20261124103000"),
        ("valid-after=\"20261124Z\" ", "20261124000000"),
        ("valid-after=\"20261124Z\" ", "20261123235959"),
        ("valid-before=\"202611241030Z\" ", "20261124103000"),
        ("valid-before=\"202611241030Z\" ", "20261124103001"),
        ("valid-after=\"20260101Z\",valid-before=\"20270101Z\" ", "20261124103000"),
        ("namespaces=\"!git,,p0.dev/*\" ", "20261124103000"),
        ("namespaces=\"\" ", "20261124103000"),
        ("valid-before=\"20200101Z\",valid-before=\"20300101Z\" ", "20261124103000"),
        ("namespaces=\"git\",namespaces=\"p0.dev/grant\" ", "20261124103000"),
        ("valid-after=\"20261124Z\",valid-before=\"20261124Z\" ", "20261124000000"),
        ("valid-before=\"+2030101Z\" ", "20261124103000"),
    ] {
        let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", at)
            .unwrap()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .unwrap();
        // OpenSSH skips the line that cannot be read; here the whole file is refused. Neither accepts.
        let here = AllowedSigners::read(&format!("bot {options}{public}\n")).is_ok_and(|signers| {
            ours.verify(Purpose::Grant, b"text", &signers, time.timestamp(), time.timestamp()).is_ok()
        });
        let there = openssh_accepts(folder.path(), ours.armor(), b"text", options, &public, at);
        assert_eq!(here, there, "{options} at {at}");
    }
    assert!(!openssh_accepts(folder.path(), ours.armor(), b"texT", "", &public, "20261124103000"));
}

#[test]
fn openssh_accepts_a_signature_over_any_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let key = make_key(&folder.path().join("key")).unwrap();
    let long = vec![0xa5; 1 << 20];
    for text in [&b""[..], b"\n", b"a: b\r\n", b"\xff\0\xfe", "Zoë\n".as_bytes(), &long] {
        let armor = key.sign(Purpose::Grant, text).unwrap().armor().to_owned();
        let accepted = openssh_accepts(folder.path(), &armor, text, "", &key.public_line(), "20261124103000");
        assert!(accepted, "{:?} …", text.get(..8).unwrap_or(text));
    }
}

/// What lies in the repository can be checked with nothing but Git and OpenSSH.
#[test]
fn a_merged_grant_can_be_checked_without_this_program() {
    let site = Site::new(None);
    let id = "aaaaaaaaaaaaaaaaaaaa";
    site.propose(id, &["--role", "view", "--locator", "deploy / default / web", "--to", "alice"]).done();
    site.merge(id).done();
    let text = site.git(&["show", &format!("main:clusters/prod/grants/{id}.yaml")]);
    let start = text.find("    p0.dev/signature: |\n").unwrap();
    let end = text[start..].find("-----END SSH SIGNATURE-----\n").unwrap()
        + start
        + "-----END SSH SIGNATURE-----\n".len();
    let armor: String =
        text[start..end].lines().skip(1).map(|line| format!("{}\n", line.trim_start())).collect();
    let signed = format!("{}{}", &text[..start], &text[end..]);
    let (signers, signature) = (site.beside("signers"), site.beside("signature"));
    std::fs::write(&signers, site.git(&["show", "main:p0/allowed_signers"])).unwrap();
    std::fs::write(&signature, armor).unwrap();
    let arguments = [
        "-Y",
        "verify",
        "-f",
        path(&signers),
        "-I",
        "p0-gitops",
        "-n",
        Purpose::Grant.namespace(),
        "-s",
        path(&signature),
    ];
    assert!(ssh_keygen(&arguments, signed.as_bytes()));
}

/// An agent of its own, which ends with this value.
struct Agent {
    child: std::process::Child,
    folder: tempfile::TempDir,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let mut agent = Command::new("ssh-agent");
        let child = agent
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ssh-agent is installed (openssh-client)");
        eventually("the agent's socket", || socket.exists());
        Self { child, folder }
    }

    fn source(&self, file: Option<&Path>) -> KeySource {
        KeySource {
            file: file.map(Into::into),
            passphrase: None,
            agent: Some(self.folder.path().join("agent")),
        }
    }

    fn add(&self, key: &Path) {
        let added = Command::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", self.folder.path().join("agent"))
            .stderr(Stdio::null())
            .status();
        assert!(added.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn new_key(folder: &Path, name: &str, kind: &str, passphrase: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    assert!(ssh_keygen(&["-q", "-t", kind, "-N", passphrase, "-f", path(&file)], b""));
    file
}

#[test]
fn an_agent_signs_as_the_key_itself_would() {
    let (agent, folder) = (Agent::start(), tempfile::tempdir().unwrap());
    assert!(matches!(SigningKey::find(&agent.source(None)), Err(SigningError::NotInAgent(_))));
    let one = new_key(folder.path(), "one", "ed25519", "");
    agent.add(&one);
    let in_file = SigningKey::find(&KeySource { file: Some(one.clone()), ..KeySource::default() }).unwrap();
    let in_agent = SigningKey::find(&agent.source(None)).unwrap();
    assert_eq!(
        in_agent.sign(Purpose::Grant, b"text").unwrap(),
        in_file.sign(Purpose::Grant, b"text").unwrap()
    );
    assert_eq!(in_agent.public_line(), in_file.public_line());

    let other = new_key(folder.path(), "other", "ed25519", "");
    agent.add(&other);
    assert!(matches!(SigningKey::find(&agent.source(None)), Err(SigningError::Several(_))));
    let named = SigningKey::find(&agent.source(Some(&one.with_extension("pub")))).unwrap();
    assert_eq!(named.public_line(), in_file.public_line());
    let absent = new_key(folder.path(), "absent", "ed25519", "");
    assert!(matches!(
        SigningKey::find(&agent.source(Some(&absent.with_extension("pub")))),
        Err(SigningError::NotInAgent(_))
    ));
}

#[test]
fn keys_that_cannot_sign_say_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let find = |file: &Path, passphrase: Option<&str>| {
        let source = KeySource {
            file: Some(file.to_owned()),
            passphrase: passphrase.map(|text| text.to_owned().into()),
            agent: None,
        };
        SigningKey::find(&source).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let locked = new_key(folder.path(), "locked", "ed25519", "secret phrase");
    assert!(find(&locked, None).contains("P0_SIGNING_KEY_PASSPHRASE"));
    assert!(find(&locked, Some("wrong")).contains("does not open"));
    assert_eq!(find(&locked, Some("secret phrase")), "");
    assert!(find(&new_key(folder.path(), "rsa", "rsa", ""), None).contains("not an Ed25519 key"));
    let open = new_key(folder.path(), "open", "ed25519", "");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(find(&open, None).contains("chmod 600"));
    assert!(find(&folder.path().join("nowhere"), None).contains("cannot read"));
    assert!(find(&locked.with_extension("pub"), None).contains("there is no SSH agent"));
    let nonsense = folder.path().join("nonsense");
    std::fs::write(&nonsense, "not a key").unwrap();
    std::fs::set_permissions(&nonsense, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(find(&nonsense, None).contains("ssh-keygen -t ed25519"));
}
