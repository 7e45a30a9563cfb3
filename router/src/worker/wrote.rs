//! What residents write back to a message: onto their case, and to who has it.

use super::{
    RouterWorker,
    writing::{Walk, Writing},
};
use schemas::{
    Timestamp, Uuid,
    case::Case,
    event::{CaseEvent, What},
    letter::Letter,
    reply,
    report::{Report, Why},
};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    time::Duration,
};
use store::{DispatchRow, Tx};

/// A resident, or a machine of theirs, that writes back more often than this in a day does not bury the department.
const MOST_A_DAY: usize = 20;
const A_DAY: Duration = Duration::from_hours(24);

/// Why a letter is one too many.
pub(super) const TOO_MANY: &str = "the resident wrote 20 times in a day: somebody has to look, and may send it again";

/// Letters of residents.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Heard for the first time now, and marked as seen.
    pub fresh: HashSet<Uuid>,
    /// One too many within a day. Not marked: a person looks, and may have them heard after all.
    pub held: HashSet<Uuid>,
}

/// Sorts what residents wrote among `letters`; what `reader` heard before counts for nothing.
pub(super) async fn sort(
    tx: &mut Tx,
    reader: &str,
    letters: &[(usize, &Letter, &Report, &Why)],
    cases: &HashMap<Uuid, Case>,
    now: Timestamp,
) -> Result<Sorted, store::Error> {
    let (mut room, mut sorted) = (HashMap::new(), Sorted::default());
    for (_, letter, report, why) in letters {
        if !matches!(why, Why::Wrote { .. }) || !cases.contains_key(&report.id) {
            continue;
        }
        let left = match room.entry(report.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let lately = |event: &&CaseEvent| event.at > now - A_DAY && matches!(event.what, What::Replied { .. });
                let wrote = tx.timeline(report.id).await?.iter().filter(lately).count();
                new.insert(MOST_A_DAY.saturating_sub(wrote))
            }
        };
        if *left == 0 {
            sorted.held.insert(letter.id);
        } else if !tx.seen(reader, &[letter.id]).await?.is_empty() {
            *left -= 1;
            sorted.fresh.insert(letter.id);
        }
    }
    Ok(sorted)
}

impl RouterWorker {
    /// The resident wrote back: the answer to what a department asked, if one waits for it; else whoever leads
    /// hears it, and it changes nothing. Also after the case was closed: a person judges what it means.
    pub(super) fn wrote(
        &self,
        walk: &Walk<'_>,
        case: &mut Case,
        timeline: &[CaseEvent],
        text: &str,
        had: &[DispatchRow],
        writing: &mut Writing,
    ) {
        let asked = reply::question(case, timeline).map(|(_, department, _)| department.clone());
        if let Some(department) = &asked {
            reply::answered(case, department, &self.city.calendar, walk.now);
        }
        case.version += 1;
        if let Some(department) = asked.or_else(|| case.lead.clone()) {
            self.pass_on(walk, case, &department, text, had, writing);
        }
        writing.tell(walk, case, What::Replied { text: text.to_owned() });
    }
}
