locals {
  viewer = {
    apiVersion = "rbac.authorization.k8s.io/v1"
    kind       = "ClusterRole"
    metadata   = { name = "viewer" }
    rules = [
      { apiGroups = [""], resources = ["pods", "pods/log"], verbs = ["get", "list"] },
      { apiGroups = ["apps"], resources = ["deployments"], verbs = ["get", "list", "patch"] },
    ]
  }
}

output "on_one_deployment" {
  value = provider::p0::subset_rules(local.viewer, "deployment / default / nginx", null).rules
}
