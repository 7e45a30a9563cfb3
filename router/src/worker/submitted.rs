//! Reports that channel integrations submit by message: checked, kept, and decided in one go, so
//! that the message is acknowledged only when everything is there.

use super::{
    RouterWorker,
    writing::{Walk, Writing},
};
use schemas::{
    Timestamp, Uuid,
    case::Case,
    fault::Invalid,
    letter::Letter,
    reference::Reference,
    report::{Language, Report},
    slug::{Channel, Slug},
    submission::{Checked, Submission},
    verdict::{Fault, Verdict},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};
use store::{Accepted, NewReport, Noticed, Receipt, Tx};

/// A submission that passed every check.
struct Sound<'a> {
    number: usize,
    letter: &'a Letter,
    channel: Channel,
    digest: String,
    checked: Checked,
}

impl RouterWorker {
    pub(super) async fn submitted(
        &self,
        tx: &mut Tx,
        letters: &[(usize, &Letter)],
        verdicts: &mut [Verdict],
    ) -> Result<(), store::Error> {
        let mut sound = Vec::with_capacity(letters.len());
        for &(number, letter) in letters {
            match self.check(number, letter) {
                Ok(one) => sound.push(one),
                Err(why) => verdicts[number] = Verdict::never(Fault::Refused, why),
            }
        }
        self.check_photos(&mut sound, verdicts).await?;
        if sound.is_empty() {
            return Ok(());
        }
        let now = self.store.clock().now();
        let references = self.references.take(&self.store, tx, sound.len()).await?;
        let walks: Vec<(usize, &Letter, NewReport)> = sound
            .into_iter()
            .zip(references)
            .map(|(one, reference)| (one.number, one.letter, self.new_report(one, reference, now)))
            .collect();
        self.keep(tx, walks, now, verdicts).await
    }

    /// Keeps the reports, opens their cases, and answers each with its receipt. One that was kept
    /// before is answered from what was kept then.
    async fn keep(
        &self,
        tx: &mut Tx,
        walks: Vec<(usize, &Letter, NewReport)>,
        now: Timestamp,
        verdicts: &mut [Verdict],
    ) -> Result<(), store::Error> {
        let (places, reports): (Vec<(usize, &Letter)>, Vec<NewReport>) =
            walks.into_iter().map(|(number, letter, report)| ((number, letter), report)).unzip();
        let accepted = tx.accept(&reports).await?;
        let mut new: BTreeMap<Uuid, (&Letter, &NewReport)> = BTreeMap::new();
        let mut counts: HashMap<(&Channel, &str), u64> = HashMap::new();
        for (((number, letter), kept), accepted) in places.iter().zip(&reports).zip(&accepted) {
            let (outcome, verdict) = match accepted {
                Accepted::New(receipt) => {
                    new.insert(receipt.id, (letter, kept));
                    ("new", Verdict::receipt(self.receipt(receipt, kept.report.language)))
                }
                Accepted::Again(receipt) => ("again", Verdict::receipt(self.receipt(receipt, kept.report.language))),
                Accepted::Conflict => {
                    let why = "/id: this id was used before for another report: give each report an id of its own";
                    ("conflict", Verdict::never(Fault::Refused, why))
                }
            };
            verdicts[*number] = verdict;
            *counts.entry((&kept.report.channel, outcome)).or_default() += 1;
        }
        let decided = |(_, kept): &(&Letter, &NewReport)| {
            self.opened(&kept.report, self.decide(&kept.report, kept.contact.as_ref(), &[], now), now)
        };
        let cases: Vec<Case> = new.values().map(decided).collect();
        let fresh = if cases.is_empty() { Default::default() } else { tx.open_cases(&cases).await? };
        let mut writing = Writing::default();
        for (case, (letter, kept)) in cases.iter().zip(new.values()).filter(|(case, _)| fresh.contains(&case.id)) {
            let (report, contact) = (&kept.report, kept.contact.as_ref());
            let walk = Walk { report, contact, added: None, cause: Some(letter), trace: letter.trace.next(), now };
            writing.open(self, &walk, case);
        }
        writing.save(tx).await?;
        for ((channel, outcome), count) in counts {
            metrics::counter!("voordeur_reports_total", "channel" => channel.to_string(), "outcome" => outcome)
                .increment(count);
        }
        Ok(())
    }

    /// Reads and checks one submission; the error names every field that is wrong.
    fn check<'a>(&self, number: usize, letter: &'a Letter) -> Result<Sound<'a>, String> {
        let channel = Slug::new(&letter.subject)
            .map_err(|wrong| format!("the routing key has to be `report.<channel>`: {wrong}"))?;
        let submission: Submission = letter.read().map_err(|error| format!("/data: {error}"))?;
        let digest = digest(&submission);
        let checked = submission.check(&self.city).map_err(|faults| joined(&faults))?;
        Ok(Sound { number, letter, channel, digest, checked })
    }

    /// Photos have to be there and belong to nobody else; rare in this lane, so asked only when
    /// somebody names one.
    async fn check_photos(&self, sound: &mut Vec<Sound<'_>>, verdicts: &mut [Verdict]) -> Result<(), store::Error> {
        let named: Vec<Uuid> = sound.iter().flat_map(|one| one.checked.photos.iter().copied()).collect();
        if named.is_empty() {
            return Ok(());
        }
        let owners = self.store.photo_owners(&named).await?;
        let mut same: HashMap<usize, Uuid> = HashMap::new();
        for one in sound.iter().filter(|one| !one.checked.photos.is_empty()) {
            let kept = self.store.report_by_source(&one.channel, &one.letter.id.to_string()).await?;
            same.extend(kept.map(|report| (one.number, report.id)));
        }
        sound.retain(|one| {
            let missing = one.checked.photos.iter().enumerate().find(|(_, photo)| match owners.get(photo) {
                Some(owner) => owner.is_some_and(|owner| same.get(&one.number) != Some(&owner)),
                None => true,
            });
            let Some((i, _)) = missing else { return true };
            let why = format!("/photos/{i}: there is no such photo: send it first by POST /api/v1/photos");
            verdicts[one.number] = Verdict::never(Fault::Refused, why);
            false
        });
        Ok(())
    }

    fn new_report(&self, one: Sound<'_>, reference: Reference, now: Timestamp) -> NewReport {
        let Sound { letter, channel, digest, checked, .. } = one;
        NewReport {
            report: Report {
                id: self.store.ids().new_id(),
                reference,
                channel,
                // The letter's id derives from the channel and its own id of the message.
                source_id: Some(letter.id.to_string()),
                kind: checked.kind,
                category: checked.category,
                words: checked.words,
                // What is known of places without asking anybody; the digest is of what was sent.
                place: self.city.complete(checked.place),
                answers: checked.answers,
                urgency: checked.urgency,
                language: checked.language,
                tell: checked.tell,
                photos: checked.photos,
                token: self.store.ids().token(),
                received_at: now,
            },
            contact: checked.contact,
            digest,
            route: false,
            trace: letter.trace,
            // Whoever may publish to the broker is a program that the city let in.
            noticed: Noticed::default(),
        }
    }

    /// What the sender is answered.
    fn receipt(&self, receipt: &Receipt, language: Language) -> String {
        let tracking_url = format!("{}/{}/t/{}", self.public_url, language.as_str(), receipt.token);
        serde_json::json!({
            "reference": receipt.reference,
            "id": receipt.id,
            "status": "received",
            "tracking_url": tracking_url,
        })
        .to_string()
    }
}

/// SHA-256 of the submission as we read it, hex: the same report has the same digest however the
/// sender spaced it.
fn digest(submission: &Submission) -> String {
    let bytes = serde_json::to_vec(submission).unwrap_or_default();
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn joined(faults: &[Invalid]) -> String {
    faults.iter().map(Invalid::to_string).collect::<Vec<_>>().join("; ")
}
