//! Sends the message by which somebody proves an address. What it says is made at that moment and kept nowhere.

use super::send::SendWorker;
use crate::{
    senders::Parcel,
    verify::{ProofWords, SUBJECT, name, place_name},
};
use schemas::{
    city::in_language,
    letter::Letter,
    notice::Due,
    proof::Proof,
    reference::Reference,
    report::Urgency,
    verdict::{Fault, Verdict},
    way::Way,
};

/// The receipt of a message that nobody needs any more.
const TOO_LATE: &str = "not sent: it is over";

/// Whether `letter` has such a message sent.
pub(super) fn is_proof(letter: &Letter) -> bool {
    letter.subject == SUBJECT
}

impl SendWorker {
    /// Hands over the message of a proof.
    pub(super) async fn deliver_proof(&self, due: &Due) -> Result<Verdict, store::Error> {
        let Some(proof) = self.store.proof(due.notice).await? else { return Ok(Verdict::receipt(TOO_LATE)) };
        let way = proof.address.way();
        // In a text message stands a code alone.
        let good = if way == Way::Sms { self.city.proving.code() } else { self.city.proving.link() };
        if proof.done_at.is_some() || self.store.clock().now() >= proof.asked_at + good {
            return Ok(Verdict::receipt(TOO_LATE));
        }
        let proof = Proof { language: self.city.answers_in(proof.language), ..proof };
        let (what, adds) = (self.what(&proof).await?, proof.person.is_some());
        let (code, token) = (self.proofs.code(proof.id), self.proofs.link(proof.id));
        let link = format!("{}/{}/proven/{token}", self.links.public_url(), proof.language.as_str());
        let words = ProofWords { what: what.as_deref(), adds, code: &code, link: &link };
        let made = match self.words.today().render_proof(&self.city, &words, proof.language) {
            Ok(made) => made,
            Err(error) => return Ok(Verdict::never(Fault::Ours, error.to_string())),
        };
        let parcel = Parcel {
            notice: proof.id,
            // A thread of its own: it is about no case.
            case_id: proof.id,
            reference: Reference::from_number(0),
            person: proof.id.to_string(),
            version: 1,
            to: proof.address,
            subject: made.subject,
            text: made.text,
            html: made.html,
            short: made.short,
            paper: Vec::new(),
            link: made.link,
            language: proof.language,
            critical: false,
            urgency: Urgency::Normal,
            is_status: false,
            may_stop: false,
            at: proof.asked_at,
        };
        Ok(self.sender.send(&parcel).await)
    }

    /// What they asked to hear of, a line for each, in words of the city; nothing when that is nothing, or gone.
    async fn what(&self, proof: &Proof) -> Result<Option<String>, store::Error> {
        let mut lines = Vec::new();
        for target in &proof.wants.follows {
            if let Some(name) = name(&self.city, target, proof.language) {
                lines.push(name.to_owned());
                continue;
            }
            let Ok(case) = target.target.parse() else { continue };
            let Some(report) = self.store.report(case).await? else { continue };
            let category = self.city.category(&report.category);
            let category = category.map_or("", |category| in_language(&category.names, proof.language));
            lines.push(format!("{category} ({})", report.reference));
        }
        lines.extend(proof.wants.places.iter().map(|place| place_name(&self.city, place, proof.language)));
        Ok((!lines.is_empty()).then(|| lines.join("\n")))
    }
}
