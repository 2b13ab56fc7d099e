//! The first files of a GitOps repository. What people have edited is never touched.
//!
//! Kubernetes objects are made as values; plain texts are templates in `templates/`. Not here: Git.

use p0_access::cluster::{Cluster, PolicyNeed};
use p0_access::eks::Eks;
use p0_access::identity::IDENTITIES;
use p0_access::layout::{ALLOWED_SIGNERS, ClusterName, OWNERS, REPOSITORY};
use p0_access::policy::POLICY;
use p0_access::repository_id::{RepositoryFile, RepositoryId};
use p0_grant::catalogue::Catalogue;
use p0_grant::name::Namespace;
use p0_grant::yaml::YamlError;

mod appliers;
mod aws_auth;

/// What the files depend on.
#[derive(Clone, Debug)]
pub struct Scaffold {
    /// The cluster whose folder is made.
    pub cluster: ClusterName,
    /// Its catalogue.
    pub catalogue: Catalogue,
    /// How it knows its users, if it is one of EKS.
    pub eks: Option<Eks>,
    /// Whether a policy and persons are made too.
    pub policy: PolicyNeed,
    /// Lines for `p0/allowed_signers`.
    pub signers: Vec<String>,
    /// The repository's id.
    pub id: RepositoryId,
    /// Lines for `p0/owners`, and how many of them have to sign; without a line, the forge's review counts.
    pub owner_keys: (Vec<String>, usize),
    /// Who reviews what decides about access, as `CODEOWNERS` names them.
    pub owners: String,
    /// Where appliers fetch the repository.
    pub url: String,
    /// The protected branch.
    pub base: String,
    /// The namespace of the sentinel.
    pub sentinel_namespace: Namespace,
    /// Roles that the applier may hand on; it holds no others.
    pub grantable: Vec<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Relative to the repository's root.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Namespaces that Argo CD and Flux live in by default.
const APPLIER_NAMESPACES: [&str; 2] = ["argocd", "flux-system"];

/// All files, in the order of their paths.
///
/// # Errors
/// [`YamlError`], which no scaffold should give.
pub fn files(scaffold: &Scaffold) -> Result<Vec<NewFile>, YamlError> {
    let cluster = &scaffold.cluster;
    let owned = |template: &str| template.replace("{owners}", &scaffold.owners);
    let for_base = |template: &str| {
        template
            .replace("[main]", &format!("[{}]", scaffold.base))
            .replace("refs/heads/{base}", &format!("refs/heads/{}", scaffold.base))
    };
    let mut files = vec![
        (".github/workflows/p0-verify.yml".to_owned(), for_base(include_str!("../templates/p0-verify.yml"))),
        ("CODEOWNERS".to_owned(), owned(include_str!("../templates/CODEOWNERS"))),
        (cluster.catalogue_path(), scaffold.catalogue.write()?),
        (cluster.sentinel_path(), appliers::sentinel(scaffold)?),
        (cluster.settings_path(), settings(scaffold)?),
        (format!("deploy/{cluster}/applier-rbac.yaml"), appliers::rbac(scaffold)?),
        (format!("deploy/{cluster}/argocd.yaml"), appliers::argo_cd(scaffold)?),
        (format!("deploy/{cluster}/flux.yaml"), appliers::flux(scaffold)?),
        ("hooks/pre-receive".to_owned(), for_base(include_str!("../templates/pre-receive"))),
        (ALLOWED_SIGNERS.to_owned(), signers(&scaffold.signers)),
        (OWNERS.to_owned(), owner_keys(&scaffold.owner_keys)),
        (REPOSITORY.to_owned(), RepositoryFile::new(scaffold.id.clone()).write()?),
    ];
    if scaffold.policy == PolicyNeed::Required {
        files.push((IDENTITIES.to_owned(), include_str!("../templates/identities.yaml").to_owned()));
        files.push((POLICY.to_owned(), include_str!("../templates/policy.yaml").to_owned()));
    }
    if let Some(file) = scaffold.eks.as_ref().and_then(Eks::aws_auth_file) {
        files.push((format!("deploy/{cluster}/aws-auth-argocd.yaml"), aws_auth::argo_cd(scaffold, file)?));
        files.push((format!("deploy/{cluster}/aws-auth-flux.yaml"), aws_auth::flux(scaffold, file)?));
    }
    files.sort();
    Ok(files.into_iter().map(|(path, text)| NewFile { path, text }).collect())
}

fn settings(scaffold: &Scaffold) -> Result<String, YamlError> {
    let mut cluster = Cluster::new(scaffold.cluster.clone());
    cluster.applier_namespaces =
        APPLIER_NAMESPACES.iter().filter_map(|name| Namespace::new(*name).ok()).collect();
    cluster.grants.policy = scaffold.policy;
    cluster.eks.clone_from(&scaffold.eks);
    cluster.write()
}

fn signers(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| format!("{line}\n"));
    std::iter::once(include_str!("../templates/allowed_signers").to_owned()).chain(lines).collect()
}

fn owner_keys((lines, threshold): &(Vec<String>, usize)) -> String {
    let needed = if lines.is_empty() { "forge-review".to_owned() } else { threshold.to_string() };
    let text = include_str!("../templates/owners").replace("{threshold}", &needed);
    let lines = lines.iter().map(|line| format!("{line}\n"));
    std::iter::once(text).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use p0_access::identity::Identities;
    use p0_access::policy::Policy;
    use p0_grant::yaml::{Limits, read_all};
    use serde_json::Value;

    use super::*;

    fn made() -> Vec<NewFile> {
        let scaffold = Scaffold {
            cluster: ClusterName::new("prod").unwrap(),
            catalogue: Catalogue::embedded().unwrap(),
            eks: Some("aws-auth=infra/prod/aws-auth.yaml".parse().unwrap()),
            policy: PolicyNeed::Required,
            signers: Vec::new(),
            id: RepositoryId::new("r".repeat(20)).unwrap(),
            owner_keys: (Vec::new(), 1),
            owners: "@security".to_owned(),
            url: "https://git.example.com/access.git".to_owned(),
            base: "main".to_owned(),
            sentinel_namespace: Namespace::new("default").unwrap(),
            grantable: vec!["view".to_owned()],
        };
        files(&scaffold).unwrap()
    }

    fn objects(path: &str) -> Vec<Value> {
        let file = made().into_iter().find(|file| file.path == path).unwrap();
        read_all(&file.text, Limits::FILE).unwrap()
    }

    /// An AppProject cannot name one object: allowing the kind of the sentinel allows every object of that kind.
    #[test]
    fn neither_applier_may_write_anything_but_rbac_objects_and_the_sentinel_is_one() {
        let group = "rbac.authorization.k8s.io";
        let project = &objects("deploy/prod/argocd.yaml")[0];
        for list in ["clusterResourceWhitelist", "namespaceResourceWhitelist"] {
            let kinds = project["spec"][list].as_array().unwrap();
            assert!(kinds.iter().all(|kind| kind["group"] == group), "{kinds:?}");
        }
        let roles = objects("deploy/prod/applier-rbac.yaml");
        let rules = roles.iter().filter_map(|object| object["rules"].as_array()).flatten();
        assert!(rules.clone().count() > 0 && rules.clone().all(|rule| rule["apiGroups"][0] == group));
        let sentinel = &objects("clusters/prod/grants/sentinel.yaml")[0];
        assert_eq!((&sentinel["kind"], &sentinel["rules"]), (&"Role".into(), &Value::Array(Vec::new())));
    }

    /// What an applier takes away of `aws-auth` takes nodes out of their cluster.
    #[test]
    fn no_applier_removes_or_replaces_what_the_manifest_of_aws_auth_lacks() {
        let argo = objects("deploy/prod/aws-auth-argocd.yaml");
        let whitelist = &argo[0]["spec"]["namespaceResourceWhitelist"];
        assert_eq!(*whitelist, serde_json::json!([{ "group": "", "kind": "ConfigMap" }]));
        assert_eq!(argo[0]["spec"]["clusterResourceWhitelist"], Value::Array(Vec::new()));
        let (source, policy) = (&argo[1]["spec"]["source"], &argo[1]["spec"]["syncPolicy"]);
        assert_eq!(
            (&source["path"], &source["directory"]["include"]),
            (&"infra/prod".into(), &"aws-auth.yaml".into())
        );
        assert_eq!(policy["automated"], serde_json::json!({ "prune": false, "selfHeal": false }));
        assert!(!policy["syncOptions"].to_string().contains("Replace"));
        let flux = objects("deploy/prod/aws-auth-flux.yaml");
        let spec = &flux[1]["spec"];
        assert_eq!((&spec["prune"], &spec["force"]), (&false.into(), &false.into()));
        assert_eq!((&spec["deletionPolicy"], &spec["path"]), (&"Orphan".into(), &"./infra/prod".into()));
        let made = made();
        assert!(
            made.iter().all(|file| file.path != "infra/prod/aws-auth.yaml"),
            "it must be what the cluster has"
        );
        let settings = made.iter().find(|file| file.path == "clusters/prod/p0-cluster.yaml").unwrap();
        assert!(settings.text.contains("file: infra/prod/aws-auth.yaml"), "{}", settings.text);
    }

    #[test]
    fn the_first_policy_and_persons_are_sound_and_give_no_access() {
        let policy = Policy::read(include_str!("../templates/policy.yaml")).unwrap();
        let identities = Identities::read(include_str!("../templates/identities.yaml")).unwrap();
        assert_eq!((policy.rules().len(), identities.iter().count()), (2, 0));
        assert!(!policy.settings().demo);
    }
}
