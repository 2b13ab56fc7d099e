import {
  to = p0_k8s_grant.alice
  id = "vpl5aqzpwnnqmnkrzze2"
}
