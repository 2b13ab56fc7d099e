//! The table of the upstream programs: which module each is, and what builds it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::recipe::{self, Recipe, Speed};

/// A Go module under `tests/upstream`, which builds into one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// etcd, kube-apiserver, kube-controller-manager and the oracle on Kubernetes' own code.
    Kubernetes,
    /// Terraform, without the backends that store state remotely.
    Terraform,
    /// OpenTofu.
    OpenTofu,
    /// Terraform's own library of values, behind JSON lines.
    GoCty,
    /// AWS' own reader of the ConfigMap `aws-auth`, behind JSON lines.
    AwsAuth,
    /// The reader of a provider's registry documentation.
    TfPluginDocs,
    /// Flux' controller that fetches repositories.
    FluxSource,
    /// Flux' controller that applies them.
    FluxKustomize,
    /// Argo CD's sync engine as a small agent.
    ArgoCd,
    /// A forge with pull requests.
    Gitea,
    /// The checker of GitHub Actions' workflows.
    ActionLint,
    /// The installer of charts.
    Helm,
    /// hashicorp/kubernetes, the provider that ours is measured against.
    KubernetesProvider,
}

impl Module {
    /// Every one that a test runs, those that take longest first.
    pub const OF_TESTS: [Self; 12] = [
        Self::Kubernetes,
        Self::FluxSource,
        Self::Gitea,
        Self::OpenTofu,
        Self::Terraform,
        Self::FluxKustomize,
        Self::ArgoCd,
        Self::Helm,
        Self::TfPluginDocs,
        Self::ActionLint,
        Self::AwsAuth,
        Self::GoCty,
    ];

    /// What only benchmarks run.
    pub const OF_BENCHMARKS: [Self; 1] = [Self::KubernetesProvider];

    /// The built program; the first call in a machine's life builds it, which takes minutes.
    ///
    /// # Panics
    /// Where Go is missing or too old, or the build fails: the message says what to do.
    pub fn program(self) -> &'static Path {
        static BUILT: [OnceLock<PathBuf>; 13] = [const { OnceLock::new() }; 13];
        BUILT[self as usize]
            .get_or_init(|| recipe::once(&self.recipe()).unwrap_or_else(|problem| panic!("{problem}")))
    }

    /// The command that runs it.
    pub fn command(self) -> Command {
        Command::new(self.program())
    }

    /// The folder of the module's own source, where its data files are.
    ///
    /// # Panics
    /// Where Go cannot fetch it.
    pub fn source(self) -> PathBuf {
        recipe::source(&self.recipe()).unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn recipe(self) -> Recipe {
        let plain = |folder, package| Recipe {
            folder,
            package,
            tags: "",
            linker: String::new(),
            speed: Speed::ToBuild,
            minutes: 4,
        };
        match self {
            Self::Kubernetes => Recipe {
                linker: kubernetes_version(),
                speed: Speed::ToRun,
                minutes: 5,
                ..plain("kubernetes", ".")
            },
            Self::Terraform => Recipe {
                linker: "-X github.com/hashicorp/terraform/version.dev=no".to_owned(),
                speed: Speed::ToRun,
                ..plain("terraform", "github.com/hashicorp/terraform")
            },
            Self::OpenTofu => Recipe {
                linker: "-X github.com/opentofu/opentofu/version.dev=no".to_owned(),
                speed: Speed::ToRun,
                ..plain("opentofu", "github.com/opentofu/opentofu/cmd/tofu")
            },
            Self::GoCty => Recipe { minutes: 1, ..plain("go-cty", ".") },
            Self::AwsAuth => Recipe { minutes: 1, ..plain("aws-auth", ".") },
            Self::TfPluginDocs => Recipe {
                minutes: 1,
                ..plain("tfplugindocs", "github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs")
            },
            Self::ActionLint => {
                Recipe { minutes: 1, ..plain("actionlint", "github.com/rhysd/actionlint/cmd/actionlint") }
            }
            Self::Helm => Recipe { minutes: 3, ..plain("helm", "helm.sh/helm/v4/cmd/helm") },
            Self::FluxSource => plain("flux-source-controller", "github.com/fluxcd/source-controller"),
            Self::FluxKustomize => {
                plain("flux-kustomize-controller", "github.com/fluxcd/kustomize-controller")
            }
            Self::ArgoCd => {
                Recipe { minutes: 2, ..plain("argocd-agent", "github.com/argoproj/gitops-engine/agent") }
            }
            Self::Gitea => {
                Recipe { tags: "sqlite sqlite_unlock_notify", ..plain("gitea", "code.gitea.io/gitea") }
            }
            Self::KubernetesProvider => Recipe {
                speed: Speed::ToRun,
                minutes: 2,
                ..plain("terraform-provider-kubernetes", "github.com/hashicorp/terraform-provider-kubernetes")
            },
        }
    }
}

/// What Kubernetes says about itself is set when it is linked.
fn kubernetes_version() -> String {
    let version = super::KUBERNETES;
    let minor = version.split('.').nth(1).unwrap_or_default();
    let package = "k8s.io/component-base/version";
    format!("-X {package}.gitVersion={version} -X {package}.gitMajor=1 -X {package}.gitMinor={minor}")
}
