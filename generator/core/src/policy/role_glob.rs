//! Patterns on roles, as they have to be written. Not here: what they match.

use crate::glob::Glob;

/// A bare `view` would match no role, and a deny rule that matches nothing protects nothing.
pub(super) fn bare_role(roles: &[Glob]) -> Option<String> {
    let mut patterns = roles.iter().filter(|glob| !glob.is_all());
    let bare = patterns
        .find(|glob| !glob.as_str().starts_with("ClusterRole/") && !glob.as_str().starts_with("Role/"));
    bare.map(|glob| format!("the role `{glob}` reads `ClusterRole/{glob}` or `Role/NAMESPACE/{glob}`"))
}
