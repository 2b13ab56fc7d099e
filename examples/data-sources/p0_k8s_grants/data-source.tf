data "p0_k8s_grants" "all" {}

output "who_has_access" {
  value = [for grant in data.p0_k8s_grants.all.grants : "${grant.subject.name} until ${grant.expires_at}" if grant.live]
}

# Every plan and apply says so where a grant outlives its end.
check "nothing_outlives_its_end" {
  assert {
    condition     = alltrue([for grant in data.p0_k8s_grants.all.grants : !(grant.live && grant.expired)])
    error_message = "Grants have expired and are still there: apply, or run `p0-gitops reap`."
  }
}
