//! Who may have a grant.
