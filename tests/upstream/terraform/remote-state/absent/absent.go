// Package absent is every backend that this build does without.
package absent

import "github.com/hashicorp/terraform/internal/backend"

// New says so, should anybody ask for one.
func New() backend.Backend {
	panic("this terraform is built without remote backends")
}
