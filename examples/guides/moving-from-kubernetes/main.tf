# Takes the old objects out of the state and leaves them in the cluster until the new grant is there.
removed {
  from = kubernetes_cluster_role_v1.nginx_viewer
  lifecycle {
    destroy = false
  }
}

removed {
  from = kubernetes_role_binding_v1.nginx_viewer
  lifecycle {
    destroy = false
  }
}

resource "p0_k8s_grant" "alice" {
  role     = { name = "view" }
  locator  = "deployment / default / nginx"
  subject  = { kind = "User", name = "alice@example.com" }
  duration = "8h"
}
