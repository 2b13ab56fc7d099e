# On an EKS cluster that knows its users by the ConfigMap `aws-auth`: the IAM user of the person, or the session of the
# `AWSReservedSSO_` role that IAM Identity Center gives them.
resource "p0_k8s_grant" "on_eks" {
  role     = { name = "view" }
  locator  = "deployment / default / nginx"
  subject  = { kind = "User", name = "alice@example.com" }
  eks      = { iam_arn = "arn:aws:iam::123456789012:user/alice" }
  duration = "8h"
}

resource "p0_k8s_grant" "by_identity_center" {
  role     = { name = "view" }
  locator  = "deployment / default / nginx"
  subject  = { kind = "User", name = "corp:carol@example.com" }
  eks      = { iam_arn = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/carol@example.com" }
  duration = "8h"
}
