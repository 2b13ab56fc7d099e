package pg

import "github.com/hashicorp/terraform/internal/backend/remote-state/absent"

// New is asked for by Terraform's table of backends.
var New = absent.New
