//! Which rules a grant would get: the exact subset, its restriction, its danger, whether it is
//! offered, and the plan of all of them.

pub mod danger;
pub mod offer;
pub mod plan;
pub mod restrict;
pub mod subset;
