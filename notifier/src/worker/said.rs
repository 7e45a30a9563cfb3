//! Sends what the city says in a conversation by text message: a question, help. It is no notice, and belongs to no case.

use super::send::SendWorker;
use crate::senders::Parcel;
use schemas::{
    letter::Letter,
    notice::{Due, SAID_SUBJECT},
    reference::Reference,
    report::Urgency,
    verdict::Verdict,
    way::Address,
};
use std::time::Duration;

/// The receipt of what nobody needs any more.
const TOO_LATE: &str = "not sent: it is over";
/// A question that comes later than this is about nothing any more.
const GOOD_FOR: Duration = Duration::from_hours(1);

/// Whether `letter` has something said.
pub(super) fn is_said(letter: &Letter) -> bool {
    letter.subject == SAID_SUBJECT
}

impl SendWorker {
    /// Hands over what is said.
    pub(super) async fn deliver_said(&self, due: &Due) -> Result<Verdict, store::Error> {
        let Some(said) = self.store.sms_out(due.notice).await? else { return Ok(Verdict::receipt(TOO_LATE)) };
        if self.store.clock().now() >= said.at + GOOD_FOR {
            return Ok(Verdict::receipt(TOO_LATE));
        }
        let parcel = Parcel {
            notice: said.id,
            case_id: said.id,
            reference: Reference::from_number(0),
            person: said.id.to_string(),
            version: 1,
            to: Address::Sms(said.number),
            subject: said.words.clone(),
            text: said.words.clone(),
            html: String::new(),
            short: said.words,
            paper: Vec::new(),
            link: String::new(),
            language: said.language,
            critical: false,
            urgency: Urgency::Normal,
            is_status: false,
            may_stop: false,
            at: said.at,
        };
        Ok(self.sender.send(&parcel).await)
    }
}
