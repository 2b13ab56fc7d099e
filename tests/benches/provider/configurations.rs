//! The same objects in three providers' words.

use p0_tests::ControlPlane;

fn connection(plane: &ControlPlane) -> String {
    let (url, token) = (plane.url(), plane.token());
    format!("  host     = \"{url}\"\n  insecure = true\n  token    = \"{token}\"\n")
}

pub(crate) fn ours(plane: &ControlPlane, grants: usize) -> String {
    let connection = connection(plane);
    format!(
        r#"provider "p0" {{
{connection}}}
resource "p0_k8s_grant" "all" {{
  count      = {grants}
  role       = {{ name = "view" }}
  locator    = "deployment / default / nginx-${{count.index}}"
  subject    = {{ kind = "User", name = "user-${{count.index}}@example.com" }}
  expires_at = "2099-01-01T00:00:00Z"
}}
"#
    )
}

pub(crate) fn theirs(plane: &ControlPlane, grants: usize) -> String {
    let connection = connection(plane);
    format!(
        r#"provider "kubernetes" {{
{connection}}}
resource "kubernetes_cluster_role_v1" "all" {{
  count = {grants}
  metadata {{
    name   = "peer-${{count.index}}"
    labels = {{ "example.com/grant" = "g-${{count.index}}" }}
  }}
  rule {{
    api_groups     = ["apps"]
    resources      = ["deployments"]
    resource_names = ["nginx-${{count.index}}"]
    verbs          = ["get", "list", "watch"]
  }}
}}
resource "kubernetes_role_binding_v1" "all" {{
  count = {grants}
  metadata {{
    name      = "peer-${{count.index}}"
    namespace = "default"
    labels    = {{ "example.com/grant" = "g-${{count.index}}" }}
  }}
  role_ref {{
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role_v1.all[count.index].metadata[0].name
  }}
  subject {{
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = "user-${{count.index}}@example.com"
  }}
}}
"#
    )
}

/// A provider that does next to nothing, with as many bytes of state: what Terraform takes by itself.
pub(crate) fn floor(bytes: usize, grants: usize) -> String {
    let name = "x".repeat(bytes.saturating_sub(500));
    format!(
        r#"provider "pets" {{
  shelter = "shelter"
}}
resource "pets_pet" "all" {{
  count   = {grants}
  name    = "{name}-${{count.index}}"
  species = "dog"
}}
"#
    )
}
