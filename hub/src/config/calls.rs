//! `[calls]`: people of the city who tell residents by telephone.

use notifier::senders::desk::DeskConfig;
use schemas::slug::DepartmentId;
use serde::Deserialize;

/// Calls to residents. With this section people may ask to be called; without it they are only called when no
/// other way reaches them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// The desk whose operators do it; the city's fallback desk when left out.
    pub desk: Option<DepartmentId>,
    /// How many calls are made at most when nobody answers, 1 to 20.
    pub tries: u32,
    /// How many minutes lie between two calls.
    pub pause_minutes: u32,
    /// After how many hours the person is told the next way when nobody of the desk did it; 0: never.
    pub within_hours: u32,
}

impl Default for Calls {
    fn default() -> Self {
        let DeskConfig { desk, tries, pause_minutes, within_hours, .. } = DeskConfig::default();
        Self { desk, tries, pause_minutes, within_hours }
    }
}

impl Calls {
    /// The same for the sender.
    pub fn sender(&self) -> DeskConfig {
        DeskConfig {
            offered: true,
            desk: self.desk.clone(),
            tries: self.tries,
            pause_minutes: self.pause_minutes,
            within_hours: self.within_hours,
        }
    }
}
