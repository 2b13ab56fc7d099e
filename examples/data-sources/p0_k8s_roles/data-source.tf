data "p0_k8s_roles" "offered" {}

output "roles_to_ask_for" {
  value = [for role in data.p0_k8s_roles.offered.roles : role.name if role.withheld == null]
}
