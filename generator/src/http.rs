//! What the server answers over HTTP: probes, metrics and the status page. Nothing that is sent here is acted on.
//!
//! Not here: the server itself ([`crate::serve`]), and what is measured ([`crate::metrics`]).

mod page;
mod routes;
mod status_view;

pub(crate) use routes::Site;
