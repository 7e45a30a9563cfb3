//! Whole walks past real servers: what a resident does, what arrives where, and what follows from it.

mod bounced;
mod mailed;
mod merged;
mod own_place;
mod texted;
