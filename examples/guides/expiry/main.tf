variable "until" {
  type    = string
  default = "2099-01-01T00:00:00Z"
}

resource "p0_k8s_grant" "on_call" {
  role       = { name = "edit" }
  locator    = "deployment / default / nginx"
  subject    = { kind = "Group", name = "on-call" }
  expires_at = var.until
}

data "p0_k8s_grants" "all" {}

check "nothing_outlives_its_end" {
  assert {
    condition     = alltrue([for grant in data.p0_k8s_grants.all.grants : !(grant.live && grant.expired)])
    error_message = "Grants have expired and are still there."
  }
}
