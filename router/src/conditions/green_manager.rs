//! `green_manager: gewest`: who looks after the parks, verges and woods at this place.

use super::manager;
use schemas::city::Layer;

pub(crate) type Config = manager::Config<{ Layer::Green as usize }>;
pub(crate) type Condition = manager::Condition<{ Layer::Green as usize }>;
