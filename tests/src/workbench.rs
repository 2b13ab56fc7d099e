//! A site worked on from inside, without the program: what the benchmarks measure, and the signed grants that they need.

use std::path::Path;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use p0_access::change::Edit;
use p0_access::cluster::Cluster;
use p0_access::layout::ClusterName;
use p0_access::verifier::Judgement;
use p0_gitops::git::{BaseBranch, Credentials, Identity, Message, Remote, add_files};
use p0_gitops::repository::Repository;
use p0_gitops::signing::{KeySource, SigningKey};
use p0_grant::catalogue::Catalogue;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::locator::Locator;
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use p0_grant::plan::plan;
use p0_grant::signature::Purpose;

use crate::big_repository::{Size, grow};
use crate::site::{CLUSTER, NOW, Site};

/// A site with a long history, its key and its catalogue. Its clock stands still.
pub struct Workbench {
    /// The site.
    pub site: Site,
    /// Its time.
    pub now: Timestamp,
    key: SigningKey,
    catalogue: Catalogue,
    /// The repository's id.
    id: Option<String>,
}

impl Workbench {
    /// 10,000 live grants, whose files `live` makes, and `P0_COMMITS` commits, or 100,000.
    ///
    /// # Panics
    /// Where the site cannot be made.
    pub fn new(live: impl Fn(&Self, usize) -> String) -> (Self, Size) {
        let commits = std::env::var("P0_COMMITS").map_or(100_000, |text| text.parse().expect("a number"));
        let size = Size { live: 10_000, commits };
        let site = Site::new(None);
        let remote =
            Remote::open(site.repository().to_str().expect("text"), Credentials::default(), Path::new(""));
        let made = Repository::new(BaseBranch::new(remote.expect("a repository"), "main"));
        let id = made.snapshot().expect("a base").repository_id().expect("an id");
        let key = KeySource { file: Some(site.key()), ..KeySource::default() };
        let bench = Self {
            key: SigningKey::find(&key).expect("a key"),
            catalogue: Catalogue::embedded().expect("a catalogue"),
            now: NOW.parse().expect("a time"),
            id: id.map(|id| id.to_string()),
            site,
        };
        let until = bench.now.as_second() - 3600;
        grow(&bench.site.repository(), size, CLUSTER, until, &|number| live(&bench, number));
        println!("{} live grants, {} commits", size.live, size.commits);
        (bench, size)
    }

    /// The repository, opened anew, as each command does.
    ///
    /// # Panics
    /// Where it cannot be opened.
    pub fn repository(&self) -> Repository {
        let place = self.site.repository();
        let remote = Remote::open(place.to_str().expect("text"), Credentials::default(), Path::new(""));
        Repository::new(BaseBranch::new(remote.expect("a repository"), "main"))
    }

    /// The one cluster.
    ///
    /// # Panics
    /// Never.
    pub fn cluster(&self) -> ClusterName {
        ClusterName::new(CLUSTER).expect("a name")
    }

    /// Who commits.
    pub fn by(&self) -> Identity {
        Identity { name: "bot".to_owned(), email: "bot@example.com".to_owned(), at: self.now }
    }

    /// A signed grant to view one deployment.
    ///
    /// # Panics
    /// Where the engine refuses it.
    pub fn grant(&self, id: &str) -> Manifest {
        let role = self.catalogue.role(&"view".parse().expect("a role")).expect("in the catalogue");
        let locator = format!("deploy / default / web-{id}").parse::<Locator>().expect("a locator");
        let selection = locator.resolve(&self.catalogue).expect("a selection");
        let plan = plan(role, &selection, &Cluster::new(self.cluster()).plan_settings()).expect("a plan");
        let minutes = |minutes| self.now.checked_add(SignedDuration::from_mins(minutes)).expect("a time");
        let workflow = Workflow {
            cluster: CLUSTER.to_owned(),
            repository: self.id.clone(),
            requester: "alice".to_owned(),
            merge_before: Some(minutes(60)),
            ..Workflow::default()
        };
        let grant = Grant::new(GrantSpec {
            id: GrantId::new(id).expect("an id"),
            role: role.reference().clone(),
            selection,
            plan: &plan,
            subject: "alice".parse().expect("a subject"),
            iam: None,
            created_at: self.now,
            expires_at: minutes(60),
            managed_by: ManagedBy::P0Gitops,
            role_object: RoleObject::ClusterRole,
            prefix: NamePrefix::default(),
            workflow: Some(workflow),
        });
        let manifest = Manifest::of(&grant.expect("a grant")).expect("a manifest");
        let text = manifest.signed_text().expect("a text");
        let signature = self.key.sign(Purpose::Grant, text.as_bytes()).expect("a signature");
        manifest.with_signature(signature).expect("a manifest")
    }

    /// [`Workbench::grant`] as its file.
    ///
    /// # Panics
    /// As there.
    pub fn text(&self, id: &str) -> String {
        self.grant(id).to_yaml().expect("a text")
    }

    /// Adds these grants to base in one commit, and judges that: how many milliseconds the judgement takes.
    ///
    /// # Panics
    /// Where not all of them pass.
    pub fn judging(&self, ids: &[String]) -> f64 {
        let edit = |id: &String| {
            let path = self.cluster().grant_path(&GrantId::new(id.as_str()).expect("an id"));
            Edit::Put { path, bytes: self.text(id).into_bytes() }
        };
        let edits: Vec<Edit> = ids.iter().map(edit).collect();
        let repository = self.repository();
        let base = repository.branch().head().expect("a base");
        let message = Message { subject: "many".to_owned(), ..Message::default() };
        add_files(repository.branch().remote(), "main", &edits, &self.by(), &message).expect("a commit");
        let head = repository.branch().head().expect("a head");
        millis(|| {
            let judgement = self.repository().verify(base, head, self.now).expect("a judgement");
            let passed = matches!(&judgement, Judgement::Passed { added, .. } if added.len() == ids.len());
            assert!(passed, "{judgement:?}");
        })
    }
}

/// How long `work` takes, in milliseconds.
pub fn millis(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1000.0
}

/// The value in the middle; 0 of none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
