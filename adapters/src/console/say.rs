//! Answers by the people of a department: what they say about a case goes through the door that all
//! answers of departments go through.

use crate::{
    answer_link::Stand,
    answers::check_words,
    updates::{self, Outcome, UpdateTools},
};
use schemas::{
    Uuid,
    dispatch::{Say, Update},
    slug::DepartmentId,
    trace::Trace,
};

/// What became of an answer.
#[derive(Debug)]
pub enum Said {
    /// The department never had such a case.
    Unknown,
    /// This may not be said where it stands.
    NotNow(Stand),
    /// It went through the door.
    Sent(Outcome),
}

/// `department` says `say` about `case`, under an `id` of its own that is the same on every retry; `critical`
/// as in [`Update`].
pub async fn say(
    tools: &UpdateTools,
    department: &DepartmentId,
    case: Uuid,
    id: String,
    say: Say,
    critical: bool,
    trace: Trace,
) -> Result<Said, store::Error> {
    let store = &tools.store;
    let Some(row) = store.case_of(department, case).await? else { return Ok(Said::Unknown) };
    let Some(case) = store.case(case).await? else { return Ok(Said::Unknown) };
    let Some(dispatch) = store.dispatches_of(case.id).await?.into_iter().find(|one| one.id == row.dispatch) else {
        return Ok(Said::Unknown);
    };
    let stand = Stand::today(&dispatch, &case);
    let now = tools.clock.now();
    let update = Update { critical, id, department: department.clone(), dispatch: dispatch.id, at: now, say };
    if !stand.allows(update.say.word()) {
        return Ok(Said::NotNow(stand));
    }
    Ok(Said::Sent(match check_words(update) {
        Ok(update) => updates::post(tools, &update, trace, now).await?,
        Err(faults) => Outcome::Invalid(faults),
    }))
}
