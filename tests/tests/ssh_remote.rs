//! A repository behind SSH: hosts that are not known, keys in files, and keys in an agent.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use p0_tests::eventually;
use p0_tests::program::{Run, run_with};
use p0_tests::site::{CLUSTER, NOW, Site};
use p0_tests::ssh_server::SshServer;

const A: &str = "aaaaaaaaaaaaaaaaaaaa";

struct Agent(Child);

impl Agent {
    fn with(key: &Path, socket: &Path) -> Self {
        let agent = Command::new("ssh-agent").arg("-D").arg("-a").arg(socket).stdout(Stdio::null()).spawn();
        let agent = Self(agent.expect("ssh-agent is installed (openssh-client)"));
        // The socket is there some moments before the agent listens.
        eventually("the agent takes the key", || {
            let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", socket).status();
            added.expect("ssh-add is installed (openssh-client)").success()
        });
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[test]
fn the_whole_life_of_a_grant_over_ssh() {
    let (site, server) = (Site::new(None), SshServer::start());
    let (home, url) = (site.beside("home"), server.url(&site.repository()));
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (home_text, cache, bot, key) =
        (text(&home), text(&site.beside("cache")), text(&site.key()), text(&server.key()));
    let run = |command: &str, rest: &[&str], environment: &[(&str, &str)]| -> Run {
        let arguments = [&[command, "--repo", &url, "--cluster", CLUSTER, "--now", NOW], rest].concat();
        run_with(
            &arguments,
            &[&[("HOME", home_text.as_str()), ("XDG_CACHE_HOME", &cache)], environment].concat(),
        )
    };
    let propose =
        ["--key", &bot, "--id", A, "--role", "view", "--locator", "deploy / default / web", "--to", "alice"];
    let with_key = [("P0_GIT_SSH_KEY", key.as_str())];

    let told = run("propose", &propose, &with_key).ended(1);
    assert!(told.contains("known_hosts"), "{told}");
    std::fs::write(home.join(".ssh/known_hosts"), server.known_host()).unwrap();
    let told = run("propose", &propose, &[]).ended(1);
    assert!(told.contains("refuses the credentials") && told.contains("the SSH agent"), "{told}");

    assert!(run("propose", &propose, &with_key).done().starts_with("proposed"));
    let socket = site.beside("agent");
    let _agent = Agent::with(&server.key(), &socket);
    let with_agent = [("SSH_AUTH_SOCK", socket.to_str().unwrap())];
    assert!(run("merge", &[A], &with_agent).done().starts_with("merged"));
    assert!(run("revert", &[A], &with_agent).done().starts_with("reverted"));
    assert_eq!(site.manifests().len(), 1);
}
