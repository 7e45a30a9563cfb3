//! How departments get their work.

use super::Delivery;

impl Delivery {
    /// Whether a person of the city passes the work on.
    pub fn is_by_hand(&self) -> bool {
        matches!(self, Self::Push { adapter, .. } if adapter == "form_manual" || adapter == "phone_handover")
    }
}
