//! Sweep and audit in a repository with 10,000 live grants and 100,000 commits, against what `git` itself takes to walk the
//! same range and to read the same files; and the judgement of 1,000 grants there.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
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
use p0_tests::big_repository::{Size, grow, id};
use p0_tests::site::{CLUSTER, NOW, Site};

const ROUNDS: usize = 5;
const VERIFIED: usize = 1_000;

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
    let key = SigningKey::find(&KeySource { file: Some(site.key()), ..KeySource::default() }).unwrap();
    let bench = Bench { site, key, catalogue: Catalogue::embedded().unwrap(), now };
    let text = |number: usize| bench.text(&id(number));
    grow(&bench.site.repository(), size, CLUSTER, now.as_second() - 3600, &text);
    println!("{} live grants, {} commits", size.live, size.commits);
    bench.sweep_and_audit(size);
    bench.verify();
}

/// The medians of two works, measured in turns.
fn turns(mut ours: impl FnMut(), mut gits: impl FnMut()) -> (f64, f64) {
    let (mut own, mut git) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        own.push(millis(&mut ours));
        git.push(millis(&mut gits));
    }
    (median(own), median(git))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn millis(work: &mut impl FnMut()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1000.0
}

fn tell(name: &str, (own, git): (f64, f64), by: &str) {
    println!("  {name:34} {own:8.1} ms, {by} {git:8.1} ms, ratio {:5.2} (at most 1.5)", own / git);
}

impl Bench {
    fn sweep_and_audit(&self, size: Size) {
        let files = || {
            let paths = self.git(&["ls-tree", "-r", "--format=%(objectname)", "main", "clusters"], "");
            self.git(&["cat-file", "--batch", "--buffer"], &paths);
        };
        let walk =
            || drop(self.git(&["log", "--first-parent", "-m", "--raw", "--format=%H %ct", "main"], ""));
        let sweep = || {
            let swept = self.repository().sweep(SignedDuration::ZERO, &self.by(), self.now).unwrap();
            assert_eq!((swept.looked_at, swept.removed.len()), (size.live, 0));
        };
        tell("sweep", turns(sweep, files), "git ls-tree and cat-file");
        let at = || {
            let repository = self.repository();
            let found = repository.audit(&[]).unwrap().at(self.now).unwrap().len();
            assert_eq!(found, size.live);
        };
        let walk_and_files = || {
            walk();
            files();
        };
        tell("audit of now", turns(at, walk_and_files), "git log, ls-tree and cat-file");
        let line = || drop(self.repository().audit(&[]).unwrap());
        tell("the same, no file read", turns(line, walk), "git log");
    }

    fn verify(&self) {
        let repository = self.repository();
        let edits: Vec<Edit> = (0..VERIFIED)
            .map(|number| {
                let id = format!("c{number:019}");
                let path = self.cluster().grant_path(&GrantId::new(id.as_str()).unwrap());
                Edit::Put { path, bytes: self.text(&id).into_bytes() }
            })
            .collect();
        let base = repository.forge().head().unwrap();
        let message = Message { subject: "a thousand".to_owned(), ..Message::default() };
        add_files(repository.forge().remote(), "main", &edits, &self.by(), &message).unwrap();
        let head = repository.forge().head().unwrap();
        let took = millis(&mut || {
            let judgement = self.repository().judge(base, head, self.now).unwrap();
            let passed = matches!(&judgement, Judgement::Passed { added, .. } if added.len() == VERIFIED);
            assert!(passed, "{judgement:?}");
        });
        println!("  verify of {VERIFIED} added grants          {took:8.1} ms (at most 2000)");
    }

    fn git(&self, arguments: &[&str], input: &str) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.site.repository()).args(arguments);
        let mut child = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap());
            child.wait_with_output().unwrap()
        });
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

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

    /// A signed grant's file.
    fn text(&self, id: &str) -> String {
        let role = self.catalogue.role(&"view".parse().unwrap()).unwrap();
        let locator = format!("deploy / default / web-{id}").parse::<Locator>().unwrap();
        let selection = locator.resolve(&self.catalogue).unwrap();
        let plan = plan(role, &selection, &Cluster::new(self.cluster()).plan_settings()).unwrap();
        let minutes = |minutes| self.now.checked_add(SignedDuration::from_mins(minutes)).unwrap();
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
        manifest.with_signature(signature).unwrap().to_yaml().unwrap()
    }
}
