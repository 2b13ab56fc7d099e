terraform {
  required_providers {
    p0 = {
      source = "p0-gitops/p0"
    }
  }
}

provider "p0" {
  config_path    = "~/.kube/config"
  config_context = "production"

  max_duration   = "12h"
  require_reason = true
}
