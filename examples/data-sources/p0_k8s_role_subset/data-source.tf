data "p0_k8s_role_subset" "view" {
  role    = { name = "view" }
  locator = "deployment / default / nginx"
}

output "rules" {
  value = data.p0_k8s_role_subset.view.rules
}

# A grant that follows its role: whenever the role changes there, the next plan shows the new rules.
resource "p0_k8s_grant" "following" {
  role          = { name = "view" }
  locator       = "deployment / default / nginx"
  subset_sha256 = data.p0_k8s_role_subset.view.sha256
  subject       = { kind = "User", name = "alice@example.com" }
  duration      = "8h"
}
