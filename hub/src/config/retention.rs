//! `[retention]`: how long what was said is kept.

use notifier::retention::Terms;
use serde::Deserialize;
use std::time::Duration;

/// How long what was said is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// So many days the words of providers about notices are kept: their answers and receipts. 0: for ever.
    pub words_days: u32,
    /// So many days the sandbox letterbox keeps messages. 0: for ever.
    pub sandbox_days: u32,
    /// So many days it is known what people of the city did: `voordeur audit`. 0: for ever.
    pub audit_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { words_days: 365, sandbox_days: 30, audit_days: 0 }
    }
}

impl Retention {
    /// The same for who forgets.
    pub fn terms(&self) -> Terms {
        let days = |days: u32| (days > 0).then(|| Duration::from_hours(24 * u64::from(days)));
        Terms { items: days(self.sandbox_days), words: days(self.words_days), audit: days(self.audit_days) }
    }
}
