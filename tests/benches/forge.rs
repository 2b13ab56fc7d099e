//! Propose, merge and revert in a repository with 10,000 live grants and 100,000 commits, against the same change made
//! and pushed by `git` itself; and the judgement of 100 grants there, the look for used ids included.
//!
//! `P0_COMMITS=1000` shows that the cost does not grow with history.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use jiff::Timestamp;
use p0_access::change::Edit;
use p0_access::cluster::Cluster;
use p0_access::judge::Judgement;
use p0_access::layout::ClusterName;
use p0_gitops::git::{Credentials, Forge, Identity, Message, Remote, add_files};
use p0_gitops::repository::Repository;
use p0_gitops::signing::{KeySource, SigningKey};
use p0_grant::catalogue::Catalogue;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::locator::Locator;
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use p0_grant::plan::plan;
use p0_grant::signature::Purpose;
use p0_tests::big_repository::{Size, grow};
use p0_tests::site::{CLUSTER, NOW, Site};

const ROUNDS: usize = 7;

struct Bench {
    site: Site,
    key: SigningKey,
    catalogue: Catalogue,
    now: Timestamp,
}

fn main() {
    let commits = std::env::var("P0_COMMITS").map_or(100_000, |text| text.parse().expect("a number"));
    let size = Size { live: 10_000, commits };
    let now: Timestamp = NOW.parse().unwrap();
    let site = Site::new(None);
    // The forge reads none of them.
    let live = |number| format!("# live {number}\n{}", "x".repeat(2000));
    grow(&site.repository(), size, CLUSTER, now.as_second() - 3600, &live);
    let key = SigningKey::find(&KeySource { file: Some(site.key()), ..KeySource::default() }).unwrap();
    let bench = Bench { site, key, catalogue: Catalogue::embedded().unwrap(), now };
    println!("{} live grants, {} commits", size.live, size.commits);

    let mut ours = Vec::new();
    let mut gits = Vec::new();
    for round in 0..ROUNDS {
        ours.push(bench.ours(round));
        gits.push(bench.by_git(round));
    }
    let names = ["propose", "merge", "revert"];
    for (index, name) in names.iter().enumerate() {
        let (own, git) = (median(&ours, index), median(&gits, index));
        println!("  {name:8} {own:8.1} ms, by git {git:8.1} ms, ratio {:5.2} (at most 1.5)", own / git);
    }
    bench.judge_a_hundred();
}

fn median<const N: usize>(rounds: &[[f64; N]], index: usize) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(|round| round[index]).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn millis(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1000.0
}

impl Bench {
    fn repository(&self) -> Repository {
        let place = self.site.repository();
        let remote = Remote::open(place.to_str().unwrap(), Credentials::default(), Path::new("")).unwrap();
        Repository::new(Forge::new(remote, "main"))
    }

    fn cluster(&self) -> ClusterName {
        ClusterName::new(CLUSTER).unwrap()
    }

    fn by(&self) -> Identity {
        Identity { name: "bot".to_owned(), email: "bot@example.com".to_owned(), at: self.now }
    }

    fn manifest(&self, id: &str) -> Manifest {
        let role = self.catalogue.role(&"view".parse().unwrap()).unwrap();
        let selection =
            "deploy / default / web".parse::<Locator>().unwrap().resolve(&self.catalogue).unwrap();
        let plan = plan(role, &selection, &Cluster::new(self.cluster()).plan_settings()).unwrap();
        let minutes = |minutes| self.now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
        let workflow = Workflow {
            cluster: CLUSTER.to_owned(),
            requester: "alice".to_owned(),
            merge_before: Some(minutes(60)),
            ..Workflow::default()
        };
        let grant = Grant::new(GrantSpec {
            id: GrantId::new(id).unwrap(),
            role: role.reference().clone(),
            selection,
            plan: &plan,
            subject: "alice".parse().unwrap(),
            created_at: self.now,
            expires_at: minutes(60),
            managed_by: ManagedBy::P0Gitops,
            role_object: RoleObject::ClusterRole,
            prefix: NamePrefix::default(),
            workflow: Some(workflow),
        });
        let manifest = Manifest::of(&grant.unwrap()).unwrap();
        let signature = self.key.sign(Purpose::Grant, manifest.signed_text().unwrap().as_bytes()).unwrap();
        manifest.with_signature(signature).unwrap()
    }

    /// Each step opens the repository anew, as a command does.
    fn ours(&self, round: usize) -> [f64; 3] {
        let (cluster, id) = (self.cluster(), format!("{round:a>20}"));
        let manifest = self.manifest(&id);
        let id = GrantId::new(id).unwrap();
        [
            millis(|| assert!(self.repository().propose(&cluster, &manifest, self.by()).is_ok())),
            millis(|| assert!(self.repository().merge(&cluster, &id, self.by(), self.now).is_ok())),
            millis(|| assert!(self.repository().revert(&cluster, &id, self.by(), self.now).is_ok())),
        ]
    }

    /// The same changes with git's own plumbing in a clone that shares objects, pushed to the repository.
    fn by_git(&self, round: usize) -> [f64; 3] {
        let clone = self.site.beside(&format!("clone-{round}"));
        let repository = self.site.repository();
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command
                .args(["-c", "user.name=bot", "-c", "user.email=bot@example.com", "-C"])
                .arg(&clone)
                .args(arguments);
            let output = command.output().unwrap();
            assert!(
                output.status.success(),
                "git {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let made = Command::new("git")
            .args(["clone", "-q", "--bare", "--shared"])
            .arg(&repository)
            .arg(&clone)
            .status();
        assert!(made.unwrap().success());
        let file = self.site.beside("grant.yaml");
        std::fs::write(&file, self.manifest(&format!("{round:b>20}")).to_yaml().unwrap()).unwrap();
        let path = format!("clusters/{CLUSTER}/grants/{round:b>20}.yaml");
        let branch = format!("p0/grant/{round:b>20}");
        let commit = |update: &[&str], parents: &[&str]| {
            git(&["read-tree", "main"]);
            git(update);
            let tree = git(&["write-tree"]);
            git(&[&["commit-tree", "-m", "grant", &tree][..], parents].concat())
        };
        let propose = millis(|| {
            let blob = git(&["hash-object", "-w", file.to_str().unwrap()]);
            let made = commit(
                &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")],
                &["-p", "main"],
            );
            git(&["push", "-q", "origin", &format!("{made}:refs/heads/{branch}")]);
            git(&["update-ref", "refs/heads/tip", &made]);
        });
        let merge = millis(|| {
            let made = git(&["commit-tree", "-m", "merge", "tip^{tree}", "-p", "main", "-p", "tip"]);
            git(&[
                "push",
                "-q",
                "origin",
                &format!("{made}:refs/heads/main"),
                &format!(":refs/heads/{branch}"),
            ]);
            git(&["update-ref", "refs/heads/main", &made]);
        });
        // Our revert is a branch of its own and its merge; this is one commit.
        let revert = millis(|| {
            let made = commit(&["--work-tree=.", "update-index", "--force-remove", &path], &["-p", "main"]);
            git(&["push", "-q", "origin", &format!("{made}:refs/heads/main")]);
        });
        [propose, merge, revert]
    }

    fn judge_a_hundred(&self) {
        let repository = self.repository();
        let edits: Vec<Edit> = (0..100)
            .map(|number| {
                let id = format!("{number:c>20}");
                let path = self.cluster().grant_path(&GrantId::new(id.as_str()).unwrap());
                Edit::Put { path, bytes: self.manifest(&id).to_yaml().unwrap().into_bytes() }
            })
            .collect();
        let base = repository.forge().head().unwrap();
        let message = Message { subject: "a hundred".to_owned(), ..Message::default() };
        add_files(repository.forge().remote(), "main", &edits, &self.by(), &message).unwrap();
        let head = repository.forge().head().unwrap();
        let took = millis(|| {
            let judgement = self.repository().judge(base, head, self.now).unwrap();
            assert!(
                matches!(judgement, Judgement::Passed { ref added, .. } if added.len() == 100),
                "{judgement:?}"
            );
        });
        println!("  verify of 100 added grants {took:8.1} ms (at most 1000)");
    }
}
