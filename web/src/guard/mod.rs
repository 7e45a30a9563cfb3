//! What every request passes on its way in and every response on its way out, outermost first:
//! [`walk`] (trace, log, metrics), [`headers`], compression, [`shape`] (every error becomes a page
//! or a problem), [`rate`], [`room`].

pub mod headers;
pub mod rate;
pub mod room;
pub mod shape;
pub mod walk;
