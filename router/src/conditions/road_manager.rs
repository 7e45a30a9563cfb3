//! `road_manager: gewest`: who looks after the roads at this place.

use super::manager;
use schemas::city::Layer;

pub(crate) type Config = manager::Config<{ Layer::Road as usize }>;
pub(crate) type Condition = manager::Condition<{ Layer::Road as usize }>;
