//! The plugin's process. Terraform starts it; people meet it through Terraform.

fn main() {}
