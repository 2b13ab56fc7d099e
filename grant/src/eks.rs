//! How a person of AWS becomes a user of an EKS cluster: IAM identities, user names, and the ConfigMap `aws-auth`.
//!
//! Not here: AWS' API, the API server, and which person has which identity.

pub mod arn;
pub mod aws_auth;
pub mod mapping;
pub mod username;
