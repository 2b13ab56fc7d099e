list "p0_k8s_grant" "shop" {
  provider = p0

  config {
    namespace       = "shop"
    include_expired = true
  }
}
