locals {
  deployer = {
    apiVersion = "rbac.authorization.k8s.io/v1"
    kind       = "ClusterRole"
    metadata   = { name = "deployer" }
    rules      = [{ apiGroups = ["apps"], resources = ["deployments"], verbs = ["get", "patch"] }]
  }
}

output "yaml" {
  value = provider::p0::grant_manifest(local.deployer, {
    id         = "vpl5aqzpwnnqmnkrzze2"
    created_at = "2026-11-24T10:00:00Z"
    expires_at = "2026-11-24T14:00:00Z"
    locator    = "deployment / default / nginx"
    subject    = { kind = "User", name = "alice@example.com" }
  })
}
