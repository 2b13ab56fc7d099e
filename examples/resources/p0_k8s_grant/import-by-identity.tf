import {
  to = p0_k8s_grant.alice
  identity = {
    id        = "vpl5aqzpwnnqmnkrzze2"
    namespace = "default"
  }
}
