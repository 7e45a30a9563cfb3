//! Answers by a link, without an account: whoever holds the link of a dispatch sees what it is about
//! and says what becomes of it. Looking changes nothing, so programs that follow every link in a mail
//! do no harm.

use crate::{
    answers::check_words,
    links::Links,
    updates::{self, Outcome, UpdateTools},
};
use schemas::{
    Timestamp, Uuid,
    case::{Case, Role},
    dispatch::{Say, Update},
    id::derived,
    report::Report,
    slug::DepartmentId,
    trace::Trace,
};
use std::time::Duration;
use store::{DispatchRow, Store};

/// A link works this long after it was sent.
const WORKS_FOR: Duration = Duration::from_hours(365 * 24);
/// And this long after the case was closed.
const AFTER_CLOSING: Duration = Duration::from_hours(90 * 24);

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The dispatch.
    pub dispatch: DispatchRow,
    /// What it is about.
    pub report: Report,
    /// How far it is.
    pub case: Case,
    /// What may be said.
    pub stand: Stand,
}

/// Where the department of a link stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// It does this: everything may be said, also after something else was said.
    Theirs,
    /// It only hears of it: a note for colleagues may be written.
    Informed,
    /// Another one does it by now: a note for colleagues may be written.
    Elsewhere {
        /// Who, if somebody was chosen yet.
        to: Option<DepartmentId>,
    },
    /// Too long ago: nothing may be said.
    Expired,
}

/// What somebody can say by a link, in the order in which it is offered.
pub const WORDS: [&str; 7] = ["accept", "plan", "done", "ask", "note", "internal_note", "reject"];

impl Stand {
    /// Whether the word (of [`WORDS`]) may be said.
    pub fn allows(&self, word: &str) -> bool {
        match self {
            Self::Theirs => WORDS.contains(&word),
            Self::Informed | Self::Elsewhere { .. } => word == "internal_note",
            Self::Expired => false,
        }
    }

    /// Where the department of `dispatch` stands.
    pub(crate) fn of(dispatch: &DispatchRow, case: &Case, now: Timestamp) -> Self {
        if is_over(dispatch, case, now) { Self::Expired } else { Self::today(dispatch, case) }
    }

    /// As for somebody who proves who they are, and for whom no time runs out.
    pub(crate) fn today(dispatch: &DispatchRow, case: &Case) -> Self {
        if dispatch.role == Role::Informed {
            return Self::Informed;
        }
        let theirs = case.lead.as_ref() == Some(&dispatch.department)
            || case.parts.iter().any(|part| part.department == dispatch.department);
        if theirs { Self::Theirs } else { Self::Elsewhere { to: case.lead.clone() } }
    }
}

/// Whether whoever holds nothing but an address of this dispatch gets in no more: a year after it was
/// sent, and 90 days after its case was closed.
pub fn is_over(dispatch: &DispatchRow, case: &Case, now: Timestamp) -> bool {
    let over = |since: Timestamp, wait: Duration| since + wait < now;
    over(dispatch.posted_at, WORKS_FOR) || case.closed_at.is_some_and(|at| over(at, AFTER_CLOSING))
}

/// The dispatch that somebody who holds an address of dispatch `id` speaks for at `at`: the newest one
/// of this case for the same department. An old mail is answered long after the case was reopened.
pub(crate) fn newest(rows: &[DispatchRow], id: Uuid, at: Timestamp) -> Option<&DispatchRow> {
    let held = rows.iter().find(|row| row.id == id)?;
    let same = |row: &&DispatchRow| row.department == held.department && row.role == held.role && row.posted_at <= at;
    rows.iter().filter(same).max_by_key(|row| row.posted_at).or(Some(held))
}

/// What the link with `token` leads to; nothing when it is none of ours.
pub async fn open(store: &Store, links: &Links, token: &str) -> Result<Option<Opened>, store::Error> {
    let Some(id) = links.read(token) else { return Ok(None) };
    let mut tx = store.begin().await?;
    let peek = tx.peek_dispatches(&[id]).await?.remove(&id);
    drop(tx);
    let Some(peek) = peek else { return Ok(None) };
    let report = store.report(peek.case_id).await?;
    let case = store.case(peek.case_id).await?;
    let dispatch = newest(&store.dispatches_of(peek.case_id).await?, id, store.clock().now()).cloned();
    let (Some(report), Some(case), Some(dispatch)) = (report, case, dispatch) else { return Ok(None) };
    let stand = Stand::of(&dispatch, &case, store.clock().now());
    Ok(Some(Opened { dispatch, report, case, stand }))
}

/// What became of an answer.
#[derive(Debug)]
pub enum Answered {
    /// No link of ours.
    Unknown,
    /// This may not be said (any more).
    NotNow,
    /// It went through the door that all answers of departments go through.
    Sent(Outcome),
}

/// Says `say` by the link with `token`. `seen` is the version of the case that the page showed: the same
/// answer given twice from one page is one answer, and the same given again after something else
/// happened is a new one. `critical` as in [`Update`].
pub async fn answer(
    tools: &UpdateTools,
    links: &Links,
    token: &str,
    say: Say,
    seen: i64,
    critical: bool,
    trace: Trace,
) -> Result<Answered, store::Error> {
    let Some(opened) = open(&tools.store, links, token).await? else { return Ok(Answered::Unknown) };
    if !opened.stand.allows(say.word()) {
        return Ok(Answered::NotNow);
    }
    let now = tools.clock.now();
    let update = Update {
        critical,
        id: format!("link-{}", id(opened.dispatch.id, &say, seen)),
        department: opened.dispatch.department,
        dispatch: opened.dispatch.id,
        at: now,
        say,
    };
    let outcome = match check_words(update) {
        Ok(update) => updates::post(tools, &update, trace, now).await?,
        Err(faults) => Outcome::Invalid(faults),
    };
    Ok(Answered::Sent(outcome))
}

fn id(dispatch: Uuid, say: &Say, seen: i64) -> Uuid {
    let said = serde_json::to_string(say).unwrap_or_default();
    derived(&["answer by link", &dispatch.to_string(), &seen.to_string(), &said])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Desk, routed, waiting};
    use schemas::letter::Lane;

    async fn one_answer_per_page_and_only_what_may_be_said((hands, _bed, tools): Desk) {
        let links = Links::new([7; 32], "https://voordeur.example");
        let letter = routed(&tools, testing::PUSHED, Role::Lead).await;
        let token = links.token(letter.id);
        let doors = UpdateTools {
            store: tools.store.clone(),
            city: tools.city.clone(),
            secrets: crate::secrets::Secrets::default(),
            clock: tools.clock.clone(),
        };
        let say = async |token: &str, say: Say, seen: i64| match answer(
            &doors,
            &links,
            token,
            say,
            seen,
            false,
            Trace::start(),
        )
        .await
        .unwrap()
        {
            Answered::Sent(Outcome::Taken { letter }) => Some(letter),
            Answered::Sent(Outcome::Invalid(faults)) => panic!("{faults:?}"),
            _ => None,
        };
        let first = say(&token, Say::Accept {}, 2).await.unwrap();
        hands.pass(5);
        assert_eq!(say(&token, Say::Accept {}, 2).await, Some(first), "a second tap is the same answer");
        assert_ne!(say(&token, Say::Accept {}, 3).await, Some(first));
        assert_eq!(waiting(&tools.store, &Lane::updates()).await.len(), 2);
        assert_eq!(say(&links.token(Uuid::from_u128(1)), Say::Accept {}, 2).await, None);
        assert_eq!(say("nonsense", Say::Accept {}, 2).await, None);
        let empty =
            answer(&doors, &links, &token, Say::Reject { reason: " ".to_owned() }, 2, false, Trace::start()).await;
        assert!(matches!(empty.unwrap(), Answered::Sent(Outcome::Invalid(faults)) if faults[0].field == "/say/reason"));

        let informed = routed(&tools, testing::PUSHED, Role::Informed).await;
        let token = links.token(informed.id);
        assert_eq!(say(&token, Say::Accept {}, 2).await, None);
        assert!(say(&token, Say::InternalNote { text: "gezien".to_owned() }, 2).await.is_some());

        hands.pass(366 * 24 * 3600);
        assert_eq!(open(&tools.store, &links, &token).await.unwrap().unwrap().stand, Stand::Expired);
        assert_eq!(say(&token, Say::InternalNote { text: "te laat".to_owned() }, 2).await, None);
    }

    testing::both!(one_answer_per_page_and_only_what_may_be_said);

    #[test]
    fn where_a_department_stands() {
        let now = testing::now();
        let dispatch = testing::dispatch("wegen", Role::Lead);
        let row = DispatchRow::posted(dispatch.id, dispatch.case_id, testing::slug("wegen"), Role::Lead, now);
        let mut case = testing::open_case(dispatch.case_id, "wegen");
        assert_eq!(Stand::of(&row, &case, now), Stand::Theirs);
        case.closed_at = Some(now);
        assert_eq!(Stand::of(&row, &case, now), Stand::Theirs, "who closed it may say something else");
        assert_eq!(Stand::of(&row, &case, now + Duration::from_hours(91 * 24)), Stand::Expired);
        case.closed_at = None;
        case.lead = Some(testing::slug("groen"));
        assert_eq!(Stand::of(&row, &case, now), Stand::Elsewhere { to: case.lead.clone() });
        for word in WORDS {
            assert!(Stand::Theirs.allows(word));
            assert_eq!(Stand::Informed.allows(word), word == "internal_note");
        }
    }
}
