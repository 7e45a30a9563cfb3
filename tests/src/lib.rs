//! The outside world of the tests: private servers that may be killed ([`servers`]), whole hubs as
//! real processes ([`fleet`]), a small city ([`town`]), a browser on the sample city ([`browser`]), strangers that send ([`load`]), and
//! departments and mail servers that count what arrives ([`department`], [`smtp_sink`], [`played`]).

pub mod browser;
pub mod department;
pub mod fleet;
pub mod load;
pub mod played;
pub mod servers;
pub mod smtp_sink;
pub mod town;
pub mod wait;
