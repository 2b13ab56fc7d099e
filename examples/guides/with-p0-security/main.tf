terraform {
  required_providers {
    p0 = {
      source = "p0-security/p0"
    }
    p0gitops = {
      source = "p0-gitops/p0"
    }
  }
}

resource "p0_k8s_grant" "alice" {
  provider = p0gitops

  role     = { name = "view" }
  locator  = "deployment / default / nginx"
  subject  = { kind = "User", name = "alice@example.com" }
  duration = "8h"
}
