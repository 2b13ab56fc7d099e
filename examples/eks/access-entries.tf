# Standing access entries for people, made once. They give no rights: no policy is associated and no group is set. A grant binds the
# entry's user name for a while.
variable "cluster_name" {
  type = string
}

locals {
  # IAM users: the user name is the person's name in p0/identities.yaml, under `kubernetes`.
  users = {
    "alice@example.com" = "arn:aws:iam::123456789012:user/alice"
  }
  # Permission sets of IAM Identity Center, with the whole path of their role. EKS writes the `@` of a session's name as `-`, so that
  # carol@example.com is `corp:carol-example.com`.
  permission_sets = {
    "corp:{{SessionName}}" = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Developer_0123456789abcdef"
  }
}

resource "aws_eks_access_entry" "person" {
  for_each      = merge(local.users, local.permission_sets)
  cluster_name  = var.cluster_name
  principal_arn = each.value
  user_name     = each.key
  type          = "STANDARD"
}
