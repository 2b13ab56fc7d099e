//! The provider `p0`: grants as Terraform resources.
