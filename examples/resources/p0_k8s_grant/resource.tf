# Alice may look at one Deployment for eight hours.
resource "p0_k8s_grant" "alice" {
  role     = { name = "view" }
  locator  = "deployment / default / nginx"
  subject  = { kind = "User", name = "alice@example.com" }
  duration = "8h"
  reason   = "INC-1234: the rollout hangs"
}

# The same in parts, for a group, until a fixed time, with the logs of the pods.
resource "p0_k8s_grant" "sre" {
  role         = { kind = "ClusterRole", name = "view" }
  resource     = { kind = "Pod", namespace = "default" }
  subresources = ["log"]
  subject      = { kind = "Group", name = "sre" }
  expires_at   = "2099-01-01T00:00:00Z"
}

output "what_alice_may" {
  value = p0_k8s_grant.alice.rules
}
