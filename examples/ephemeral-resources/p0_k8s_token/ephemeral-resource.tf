# A token that may look at one Deployment, for as long as Terraform runs and never longer than ten minutes.
ephemeral "p0_k8s_token" "reader" {
  role      = { name = "view" }
  locator   = "deployment / default / nginx"
  namespace = "default"
  ttl       = "10m"
}

provider "kubernetes" {
  host                   = ephemeral.p0_k8s_token.reader.host
  cluster_ca_certificate = ephemeral.p0_k8s_token.reader.cluster_ca_certificate
  token                  = ephemeral.p0_k8s_token.reader.token
}
