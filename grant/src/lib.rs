//! What a grant is.
