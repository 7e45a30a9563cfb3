//! Digests: what somebody wants to hear together is gathered under one notice with one letter, which is sent
//! when the digest is due. The gathered notices have no letter of their own; they share its fate.

use super::plan::due;
use crate::plan::REPORTER;
use schemas::{
    Timestamp, Uuid,
    id::derived,
    letter::Letter,
    notice::{Because, Notice, NoticeState},
    way::Way,
};
use std::collections::BTreeMap;
use store::Tx;

/// The template of a digest, and how its letter is known.
pub(super) const TEMPLATE: &str = "digest";
/// The subject of the letter of a digest.
pub(super) const SUBJECT: &str = "notice.digest";

/// A notice that was planned, with the letter that caused it, and whose choices count.
pub(super) struct Planned<'a> {
    pub(super) notice: Notice,
    pub(super) cause: &'a Letter,
    pub(super) owner: Option<Uuid>,
}

impl Planned<'_> {
    /// The digest that it is told with.
    fn digest(&self) -> Option<Notice> {
        let notice = &self.notice;
        let until = notice.reasons.iter().find_map(|because| match because {
            Because::Digest { until } => Some(*until),
            _ => None,
        })?;
        let person = self.owner?.to_string();
        Some(Notice {
            id: digest_id(&person, &notice.sender, notice.way, until),
            template: TEMPLATE.to_owned(),
            template_version: None,
            person,
            reasons: vec![Because::Digest { until }],
            due_at: Some(until),
            ..notice.clone()
        })
    }
}

/// The id of the digest that goes to `person` at `until`: the same whoever gathers for it.
fn digest_id(person: &str, sender: &str, way: Way, until: Timestamp) -> Uuid {
    derived(&["digest", person, sender, way.as_str(), &until.as_microsecond().to_string()])
}

/// Gathers those of `planned` that wait for a digest, and returns the letters of all that are to be sent: of the
/// digests, and of the others. Only what is `planned` anew is among them.
pub(super) async fn gather(tx: &mut Tx, planned: Vec<Planned<'_>>) -> Result<Vec<Letter>, store::Error> {
    let (mut letters, mut digests, mut gathered) = (Vec::new(), BTreeMap::new(), Vec::new());
    for one in planned.into_iter().filter(|one| one.notice.state == NoticeState::Planned) {
        match one.digest() {
            Some(digest) => {
                gathered.push((one.notice.id, digest.id));
                digests.entry(digest.id).or_insert_with(|| {
                    let letter = due(&digest, one.cause, digest.planned_at);
                    (digest, letter)
                });
            }
            None => letters.push(due(&one.notice, one.cause, one.notice.planned_at)),
        }
    }
    if digests.is_empty() {
        return Ok(letters);
    }
    let (notices, due): (Vec<Notice>, Vec<Letter>) = digests.into_values().unzip();
    // A digest that somebody gathered for before is there, and so is its letter.
    let new = tx.plan_notices(&notices).await?;
    tx.gather_notices(&gathered).await?;
    letters.extend(due.into_iter().filter(|letter| new.contains(&letter.id)));
    Ok(letters)
}

/// Whether `notice` is a digest.
pub(super) fn is_digest(notice: &Notice) -> bool {
    notice.template == TEMPLATE && notice.person != REPORTER
}
