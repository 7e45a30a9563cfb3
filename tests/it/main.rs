//! One integration binary: what the house promises, from outside. `layers`, `tidy` and `forgotten`
//! watch over the house itself.

mod faults;
mod layers;
mod tidy;
