//! Lane `ask.<sender>`: asks the other side what became of a notice of which no receipt came. What it says is heard
//! as every receipt is; what it does not know changes nothing, and the person is told the next way when it is time.

use super::known::address;
use crate::senders::{Question, Sender, heard};
use async_trait::async_trait;
use bus::{Edge, Outcome};
use schemas::{
    Timestamp,
    city::City,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Due, NoticeState},
    verdict::{Fault, Verdict},
};
use std::{sync::Arc, time::Duration};
use store::Store;

/// So long after nobody knew whether a message left, its gateway has it or has not.
const SOON: Duration = Duration::from_mins(1);
/// So long before the person is told the next way, it is asked once more.
const BEFORE: Duration = Duration::from_mins(5);

/// The receipt of a letter whose notice is settled.
const SETTLED: &str = "not asked: what became of it is known";
/// The receipt of a letter whose notice has no address any more.
const NO_ADDRESS: &str = "not asked: the address is gone";
/// The receipt of a question that the other side cannot answer.
const NOTHING: &str = "asked: nothing is known of it";

/// Lane `ask.<sender>`: asks what became of notices.
pub struct AskWorker {
    store: Store,
    city: Arc<City>,
    sender: Arc<dyn Sender>,
}

impl AskWorker {
    /// Asks through `sender`.
    pub fn new(store: Store, city: Arc<City>, sender: Arc<dyn Sender>) -> Self {
        Self { store, city, sender }
    }

    async fn try_ask(&self, letter: &Letter) -> Result<Verdict, store::Error> {
        let due: Due = match letter.read() {
            Ok(due) => due,
            Err(error) => {
                return Ok(Verdict::never(Fault::Ours, format!("the letter does not name a notice: {error}")));
            }
        };
        let mut tx = self.store.begin().await?;
        let row = tx.notices(&[due.notice]).await?.remove(&due.notice);
        drop(tx);
        let Some(row) = row.filter(|row| matches!(row.notice.state, NoticeState::Sent | NoticeState::Unknown)) else {
            return Ok(Verdict::receipt(SETTLED));
        };
        let Some(view) = self.store.notice(due.notice).await? else { return Ok(Verdict::receipt(SETTLED)) };
        let Some(to) = address(&self.city, &view) else { return Ok(Verdict::receipt(NO_ADDRESS)) };
        let question = Question { notice: due.notice, to: &to, receipt: row.receipt.as_deref() };
        let heard = match self.sender.ask(&question).await {
            Ok(heard) => heard,
            // It was one question. The next way does not wait for a gateway that does not answer.
            Err(why) => return Ok(Verdict::Unknown { why }),
        };
        if heard.is_empty() {
            return Ok(Verdict::receipt(NOTHING));
        }
        heard::keep(&self.store, &heard, letter.trace.next()).await?;
        Ok(Verdict::receipt(format!("asked: {}", heard[0].state.as_str())))
    }
}

#[async_trait]
impl Edge for AskWorker {
    async fn deliver(&self, letter: &Letter) -> Verdict {
        match self.try_ask(letter).await {
            Ok(verdict) => verdict,
            Err(error) if error.is_transient() => Verdict::later(format!("the store could not be read: {error}")),
            Err(error) => Verdict::never(Fault::Ours, format!("the store could not be read: {error}")),
        }
    }

    async fn record(&self, _: &mut store::Tx, _: &[Outcome]) -> Result<(), store::Error> {
        Ok(())
    }
}

/// The letters that have it asked what became of the notice of `letter`: soon, when nobody knows whether it left
/// (then there is no `receipt`), and before the person is told the next way, `within` of now.
pub(super) fn questions(
    sender: &dyn Sender,
    (name, letter): (&str, &Letter),
    receipt: Option<&str>,
    within: Option<Duration>,
    now: Timestamp,
) -> Vec<Letter> {
    if !sender.can_ask(receipt) {
        return Vec::new();
    }
    let soon = receipt.is_none().then_some(("soon", SOON));
    let last = within.map(|within| ("last", within.saturating_sub(BEFORE).max(within / 2)));
    let ask = |(when, wait): (&str, Duration)| {
        let id = derived(&["notice ask", &letter.id.to_string(), when]);
        let (lane, body) = (Lane::asking(name), Due { notice: letter.id });
        let case = letter.case_id.unwrap_or(letter.id);
        let ask = Letter::new(id, lane, Topic::NoticeDue, "notice.ask", &body, letter.trace.next(), now).about(case);
        Letter { ready_at: Some(now + wait), ..ask }
    };
    soon.into_iter().chain(last).map(ask).collect()
}
