//! One integration binary: what the house promises, from outside. `layers`, `tidy` and `docs`
//! watch over the house itself.

mod browser;
mod connect;
mod docs;
mod faults;
mod follow;
mod layers;
mod tidy;
mod walks;
