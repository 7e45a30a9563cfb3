//! `watercourse_manager: gewest`: who looks after the rivers, brooks and ditches at this place.

use super::manager;
use schemas::city::Layer;

pub(crate) type Config = manager::Config<{ Layer::Watercourse as usize }>;
pub(crate) type Condition = manager::Condition<{ Layer::Watercourse as usize }>;
