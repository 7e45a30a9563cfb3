//! What happened to a dispatch on its way, learned after the department's side had taken it: its
//! mail came back, or a program answered for whoever is away. None of it counts as an answer.

use crate::cases::Opened;
use schemas::{
    Uuid,
    dispatch::{Dispatch, DispatchState},
    event::What,
    id::derived,
    letter::{Lane, Letter},
    trace::Trace,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Bury, Settlement, Tx};

/// Something that happened to one dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Derived from what told it, so that hearing it twice does it once.
    pub id: Uuid,
    /// To which dispatch.
    pub dispatch: Uuid,
    /// What.
    pub fate: Fate,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It came back. When nobody there has it and nobody answered, its letter becomes a dead letter that
    /// an operator can replay; else it is a note for colleagues.
    CameBack {
        /// Why, in the other side's words.
        why: String,
        /// From which addresses, in lower case; empty when it is not said.
        who: Vec<String>,
        /// The note.
        text: String,
    },
    /// Something for colleagues to know.
    Noted {
        /// The note.
        text: String,
    },
}

/// Writes what happened, each once.
pub(crate) async fn write(tx: &mut Tx, happened: &[Happened]) -> Result<(), store::Error> {
    let ids: Vec<Uuid> = happened.iter().map(|happened| happened.id).collect();
    let mut fresh = tx.seen("happened", &ids).await?;
    let happened: Vec<&Happened> = happened.iter().filter(|happened| fresh.remove(&happened.id)).collect();
    let dispatches: Vec<Uuid> = happened.iter().map(|happened| happened.dispatch).collect();
    if dispatches.is_empty() {
        return Ok(());
    }
    let now = tx.clock().now();
    let peeks = tx.peek_dispatches(&dispatches).await?;
    let mut opened = Opened::lock(tx, peeks.values().map(|peek| peek.case_id)).await?;
    let mut rows = tx.dispatches(&dispatches).await?;
    let (mut changed, mut buried) = (BTreeMap::new(), Vec::new());
    for Happened { id, dispatch, fate } in happened {
        let Some(row) = rows.get_mut(dispatch) else { continue };
        let department = row.department.clone();
        let what = match fate {
            Fate::Noted { text } => What::InternalNote { department, text: text.clone() },
            Fate::CameBack { who, text, .. }
                if row.answered_at.is_some()
                    || opened.case(row.case_id).is_none_or(|case| case.status.is_closed())
                    || !all_came_back(tx, row.id, who).await? =>
            {
                What::InternalNote { department, text: text.clone() }
            }
            Fate::CameBack { why, .. } => {
                row.state = DispatchState::Failed;
                row.why = Some(why.clone());
                changed.insert(row.id, row.clone());
                buried.extend(dead(tx, row.id, why).await?);
                What::HandOverFailed { department, why: why.clone() }
            }
        };
        let event = derived(&["event", "happened", &row.case_id.to_string(), &id.to_string()]);
        opened.happened(row.case_id, event, what, now, Trace::start());
    }
    if !changed.is_empty() {
        tx.save_dispatches(&changed.into_values().collect::<Vec<_>>()).await?;
    }
    opened.save(tx).await?;
    if !buried.is_empty() {
        tx.settle(&Settlement { bury: buried, ..Settlement::default() }).await?;
    }
    Ok(())
}

/// The letter of a dispatch that came back, to be buried; its reporter put back as far as the
/// city still knows them.
async fn dead(tx: &mut Tx, dispatch: Uuid, why: &str) -> Result<Option<Bury>, store::Error> {
    let letter = match tx.mailed(dispatch).await? {
        Some(letter) => Some(letter),
        None => tx.batched(dispatch).await?,
    };
    let Some(letter) = letter else { return Ok(None) };
    let Some((mut dispatch, reporter)) = kept(&letter) else {
        tracing::error!(%dispatch, "what was kept of it cannot be read, so it makes no dead letter");
        return Ok(None);
    };
    if reporter {
        dispatch.contact = tx.contacts(&[dispatch.case_id]).await?.remove(&dispatch.case_id);
    }
    Ok(Some(Bury { letter: with_body(&letter, &dispatch), why: why.to_owned() }))
}

/// A dispatch as it is kept while it waits, or may come back: without the reporter, but knowing whether
/// the department was told who that is.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    dispatch: Dispatch,
    reporter: bool,
    /// To whom it went, without those who got a copy; in lower case.
    #[serde(default)]
    to: BTreeSet<String>,
    /// From whom it came back.
    #[serde(default)]
    back: BTreeSet<String>,
}

/// Whether the mail came back from everybody that it went to, now that it came back from `who`. Where
/// that cannot be told, it did.
async fn all_came_back(tx: &mut Tx, dispatch: Uuid, who: &[String]) -> Result<bool, store::Error> {
    let Some(letter) = tx.mailed(dispatch).await? else { return Ok(true) };
    let Ok(mut kept) = letter.read::<Kept>() else { return Ok(true) };
    if who.is_empty() || kept.to.is_empty() {
        return Ok(true);
    }
    kept.back.extend(who.iter().cloned());
    tx.note_mailed(dispatch, &with_body(&letter, &kept)).await?;
    Ok(kept.to.is_subset(&kept.back))
}

/// Keeps the letter of a dispatch whose mail was just taken for `to`, addresses in lower case.
pub(crate) async fn keep(
    tx: &mut Tx,
    letter: &Letter,
    dispatch: &Dispatch,
    to: BTreeSet<String>,
) -> Result<(), store::Error> {
    let kept = Kept { to, ..Kept::of(dispatch) };
    tx.keep_mailed(dispatch.id, &with_body(letter, &kept)).await
}

/// The letter that carries `dispatch`, as it may be kept.
pub(crate) fn without_reporter(letter: &Letter, dispatch: &Dispatch) -> Letter {
    with_body(letter, &Kept::of(dispatch))
}

/// What [`without_reporter`] kept: the dispatch, and whether the department was told who reported.
pub(crate) fn kept(letter: &Letter) -> Option<(Dispatch, bool)> {
    letter.read().ok().map(|kept: Kept| (kept.dispatch, kept.reporter))
}

impl Kept {
    fn of(dispatch: &Dispatch) -> Self {
        Self {
            dispatch: Dispatch { contact: None, ..dispatch.clone() },
            reporter: dispatch.contact.is_some(),
            to: BTreeSet::new(),
            back: BTreeSet::new(),
        }
    }
}

/// The same letter with another body.
fn with_body(letter: &Letter, body: &impl serde::Serialize) -> Letter {
    let lane = Lane::new(letter.lane.as_str());
    let fresh =
        Letter::new(letter.id, lane, letter.topic, letter.subject.clone(), body, letter.trace, letter.posted_at);
    Letter { case_id: letter.case_id, cause: letter.cause, ..fresh }
}
