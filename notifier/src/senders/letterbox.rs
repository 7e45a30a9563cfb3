//! The sandbox letterbox: what would have been sent is kept, and shown at `/sandbox/letterbox`.

use super::{Parcel, Sender};
use async_trait::async_trait;
use schemas::{
    verdict::{Fault, Verdict},
    way::Way,
};
use store::{LetterboxItem, Store};

/// The name of this sender.
pub const NAME: &str = "letterbox";

/// Keeps notices in the store.
pub struct Letterbox {
    store: Store,
}

impl Letterbox {
    /// A letterbox in `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Sender for Letterbox {
    async fn send(&self, parcel: &Parcel) -> Verdict {
        let is_short = matches!(parcel.to.way(), Way::Sms | Way::Push | Way::Call);
        let item = LetterboxItem {
            notice_id: parcel.notice,
            case_id: parcel.case_id,
            way: parcel.to.way(),
            recipient: parcel.to.line(),
            subject: parcel.subject.clone(),
            text: if is_short { parcel.short.clone() } else { parcel.text.clone() },
            html: if is_short { String::new() } else { parcel.html.clone() },
            language: parcel.language,
            at: self.store.clock().now(),
        };
        match self.store.put_letter(item).await {
            Ok(_) => Verdict::receipt(format!("letterbox {}", parcel.notice)),
            Err(error) if error.is_transient() => {
                Verdict::later(format!("the letterbox could not be written: {error}"))
            }
            Err(error) => Verdict::never(Fault::Ours, format!("the letterbox could not be written: {error}")),
        }
    }
}
