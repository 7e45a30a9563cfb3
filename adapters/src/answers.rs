//! The lane of answers: what departments say, from whichever door, changes the case. Once per
//! update, and never backwards ([`apply`]).

mod apply;
mod parts;

pub use apply::{Applied, apply};

use crate::{cases::Opened, updates};
use async_trait::async_trait;
use bus::Effects;
use jiff::{Span, tz::TimeZone};
use schemas::{
    Date, Timestamp, Uuid,
    city::City,
    dispatch::{DispatchState, Say, Update},
    event::What,
    fault::Invalid,
    id::{Clock, derived},
    letter::{Lane, Letter, Topic},
    report::{Received, Why},
    text,
    verdict::{Fault, Verdict},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use store::{DispatchRow, Tx};
use url::Url;

/// The most characters of one text of a department.
pub const MAX_TEXT: usize = 2_000;
/// The furthest that work is planned ahead, in years.
pub const MAX_YEARS: i32 = 20;
/// The most addresses of evidence.
pub const MAX_EVIDENCE: usize = 10;

/// The most characters of the name of somebody outside the city.
const MAX_TO: usize = 200;
/// The most characters of their telephone number.
const MAX_PHONE: usize = 100;
/// The most bytes of an address of the web.
const MAX_ADDRESS: usize = 2_000;

/// Works the lane `updates`.
#[derive(Debug, Clone)]
pub struct AnswersWorker {
    city: Arc<City>,
    clock: Clock,
}

/// An update that may be heard, and the letter it came by.
struct Heard<'a> {
    letter: &'a Letter,
    update: Update,
    id: Uuid,
}

impl AnswersWorker {
    /// A worker for `city`.
    pub fn new(city: Arc<City>, clock: Clock) -> Self {
        Self { city, clock }
    }

    /// Reads and cleans one update; the error is for the sender's operator.
    fn read<'a>(&self, letter: &'a Letter) -> Result<Heard<'a>, Verdict> {
        let refuse = |why: String| Verdict::never(Fault::Refused, why);
        let update: Update =
            letter.read().map_err(|error| refuse(format!("this is not an update of a department: {error}")))?;
        let update = check_words(update)
            .map_err(|faults| refuse(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        if self.city.department(&update.department).is_none() {
            return Err(refuse(format!("/department: this city has no department {}", update.department)));
        }
        if let Some(fault) = check_critical(&self.city, &update) {
            return Err(refuse(fault.to_string()));
        }
        Ok(Heard { id: updates::letter_id(&update), update, letter })
    }
}

#[async_trait]
impl Effects for AnswersWorker {
    async fn apply(&self, tx: &mut Tx, letters: &[Letter]) -> Result<Vec<Verdict>, store::Error> {
        let now = self.clock.now();
        let read: Vec<Result<Heard<'_>, Verdict>> = letters.iter().map(|letter| self.read(letter)).collect();
        let ids: Vec<Uuid> = read.iter().flatten().map(|heard| heard.update.dispatch).collect();
        // Cases are locked before dispatches, as everywhere.
        let peeks = if ids.is_empty() { HashMap::new() } else { tx.peek_dispatches(&ids).await? };
        let mut opened = Opened::lock(tx, peeks.values().map(|peek| peek.case_id)).await?;
        let mut rows = if ids.is_empty() { HashMap::new() } else { tx.dispatches(&ids).await? };
        let good: Vec<Uuid> =
            read.iter().flatten().filter(|heard| theirs(&rows, &heard.update).is_ok()).map(|heard| heard.id).collect();
        let mut fresh = if good.is_empty() { HashSet::new() } else { tx.seen("updates", &good).await? };

        let mut verdicts = Vec::with_capacity(letters.len());
        let (mut letters, mut heard_of) = (Vec::new(), HashSet::new());
        // What people were to pass on, and now need not.
        let waited: HashSet<Uuid> = rows.values().filter(|row| row.delivered_at.is_none()).map(|row| row.id).collect();
        let (mut back, mut spoke) = (Vec::new(), Vec::new());
        // What was said first is heard first: somebody who was away for days tells much at once.
        let mut turns: Vec<(usize, Result<Heard<'_>, Verdict>)> = read.into_iter().enumerate().collect();
        turns.sort_by_cached_key(|(_, heard)| {
            heard.as_ref().ok().map(|heard| (heard.update.at, heard.update.id.clone()))
        });
        for (n, heard) in turns {
            let verdict = heard.and_then(|heard| {
                theirs(&rows, &heard.update)?;
                // The same update twice in one batch is heard once, too.
                if fresh.remove(&heard.id) {
                    heard_of.insert(heard.update.dispatch);
                    if matches!(heard.update.say, Say::Reject { .. }) {
                        back.push(heard.update.dispatch);
                    }
                    if !matches!(heard.update.say, Say::InternalNote { .. })
                        && let Some(row) = rows.get(&heard.update.dispatch)
                    {
                        spoke.push((row.case_id, heard.update.department.clone()));
                    }
                    letters.extend(hear(&mut opened, &mut rows, heard, &self.city, now));
                }
                Ok(Verdict::done())
            });
            verdicts.push((n, verdict.unwrap_or_else(|verdict| verdict)));
        }
        verdicts.sort_by_key(|(n, _)| *n);
        let answered: Vec<DispatchRow> = rows.into_values().filter(|row| heard_of.contains(&row.id)).collect();
        if !answered.is_empty() {
            tx.save_dispatches(&answered).await?;
        }
        tx.drop_tasks_of_dispatches(&back, "the department says it is not theirs").await?;
        let heard: Vec<Uuid> = heard_of.intersection(&waited).copied().collect();
        tx.tasks_heard_of(&heard, "the department answered by itself").await?;
        tx.chased(&spoke, "the department answered").await?;
        opened.save(tx).await?;
        if !letters.is_empty() {
            tx.post(&letters).await?;
        }
        Ok(verdicts.into_iter().map(|(_, verdict)| verdict).collect())
    }
}

/// Whether the update is about a dispatch that was this department's.
fn theirs(rows: &HashMap<Uuid, DispatchRow>, update: &Update) -> Result<(), Verdict> {
    match rows.get(&update.dispatch) {
        Some(row) if row.department == update.department => Ok(()),
        Some(row) => Err(Verdict::never(
            Fault::Refused,
            format!("/department: dispatch {} is {}'s, not {}'s", row.id, row.department, update.department),
        )),
        None => Err(Verdict::never(
            Fault::Refused,
            format!("/dispatch: there is no dispatch {}; use the id of the dispatch you were given", update.dispatch),
        )),
    }
}

/// One update has its effect. Gives the letter to the router when the case needs another desk.
fn hear(
    opened: &mut Opened,
    rows: &mut HashMap<Uuid, DispatchRow>,
    heard: Heard<'_>,
    city: &City,
    now: Timestamp,
) -> Option<Letter> {
    let Heard { letter, mut update, id } = heard;
    let row = rows.get_mut(&update.dispatch)?;
    // A clock that runs ahead must not lock the case against everything that comes later.
    update.at = update.at.min(now);
    let heard_at = apply::believed(row, &update, now);
    row.answered_at = Some(row.answered_at.map_or(heard_at, |at| at.max(heard_at)));
    if row.state != DispatchState::Delivered {
        // Who answers has it, whatever became of our own hand-over.
        row.state = DispatchState::Delivered;
        row.delivered_at = Some(now);
        row.why = None;
    }
    let case = opened.case(row.case_id)?;
    let applied = apply(case, row, &update, &city.calendar, now);
    let trace = letter.trace.next();
    let mut reroute = None;
    for (n, what) in applied.events.into_iter().enumerate() {
        let event = derived(&["event", "update", &id.to_string(), &n.to_string()]);
        let rejected = matches!(what, What::Rejected { .. });
        let critical = update.critical && what.is_told();
        let version = opened.happened_now(row.case_id, event, what, now, trace, critical);
        if rejected && applied.reroute {
            reroute = version.map(|version| reroute_letter(row, letter, event, version, now));
        }
    }
    reroute
}

fn reroute_letter(row: &DispatchRow, letter: &Letter, event: Uuid, version: i64, now: Timestamp) -> Letter {
    let case = row.case_id.to_string();
    Letter::new(
        derived(&["reroute", &case, &row.department, &version.to_string()]),
        Lane::router(),
        Topic::ReportReceived,
        "reroute",
        &Received { report: row.case_id, why: Why::Rejected { department: row.department.clone() } },
        letter.trace.next(),
        now,
    )
    .about(row.case_id)
    .because(event)
}

/// Cleans the texts of an update and checks their size; every fault is named.
pub fn check_words(mut update: Update) -> Result<Update, Vec<Invalid>> {
    let mut faults = Vec::new();
    if !(1..=200).contains(&update.id.len()) || !update.id.bytes().all(|b| b.is_ascii_graphic()) {
        faults.push(Invalid::new("/id", "malformed", "use 1 to 200 visible ASCII characters, for instance a UUID"));
    }
    let mut clean = |name: &str, value: &mut String, needed: bool| {
        *value = text::clean(value);
        let length = text::length(value);
        if length == 0 && needed {
            faults.push(Invalid::new(
                format!("/say/{name}"),
                "required",
                "write a sentence that the reader understands",
            ));
        } else if length > MAX_TEXT {
            let message = format!("these are {length} characters, at most {MAX_TEXT} fit: shorten it");
            faults.push(Invalid::new(format!("/say/{name}"), "too_long", message));
        }
    };
    match &mut update.say {
        Say::Accept {} => {}
        Say::Plan { on, text } => {
            optional(&mut clean, text);
            faults.extend(check_day(*on, update.at));
        }
        Say::Done { text, evidence } => {
            optional(&mut clean, text);
            faults.extend(check_evidence(evidence));
        }
        Say::Reject { reason } => clean("reason", reason, true),
        Say::Note { text } | Say::InternalNote { text } | Say::Ask { text } => clean("text", text, true),
        Say::Refer { to, phone, url, text } => {
            optional(&mut clean, text);
            faults.extend(check_referral(to, phone, url));
        }
    }
    if faults.is_empty() { Ok(update) } else { Err(faults) }
}

/// What is wrong with calling this update critical; nothing when it is not called so, or may be.
pub fn check_critical(city: &City, update: &Update) -> Option<Invalid> {
    if !update.critical {
        return None;
    }
    let may = city.department(&update.department).is_some_and(|department| department.may_be_critical);
    if !may {
        let message = "this department may not say that its news is critical: leave it out, or ask the city to write \
                       `may_be_critical: true` beside the department";
        return Some(Invalid::new("/critical", "not_allowed", message));
    }
    let message = format!("nobody is sent a message of `{}`: leave critical out", update.say.word());
    (!update.say.is_told()).then(|| Invalid::new("/critical", "not_told", message))
}

/// Cleans a text that may be left out; an empty one is left out.
fn optional(clean: &mut impl FnMut(&str, &mut String, bool), value: &mut Option<String>) {
    if let Some(words) = value {
        clean("text", words, false);
    }
    *value = value.take().filter(|words| !words.is_empty());
}

/// Cleans and checks to whom a resident is sent, and how they get there: one line each.
fn check_referral(to: &mut String, phone: &mut Option<String>, url: &mut Option<String>) -> Vec<Invalid> {
    for way in [&mut *phone, &mut *url] {
        *way = way.take().map(|way| text::clean_line(&way)).filter(|way| !way.is_empty());
    }
    *to = text::clean_line(to);
    let mut faults = Vec::new();
    if to.is_empty() {
        faults.push(Invalid::new("/say/to", "required", "write who does this"));
    }
    for (field, value, most) in [("/say/to", Some(&*to), MAX_TO), ("/say/phone", phone.as_ref(), MAX_PHONE)] {
        let length = value.map_or(0, |value| text::length(value));
        if length > most {
            let message = format!("these are {length} characters, at most {most} fit: shorten it");
            faults.push(Invalid::new(field, "too_long", message));
        }
    }
    if url.as_ref().is_some_and(|url| !is_web(url)) {
        faults.push(Invalid::new("/say/url", "malformed", "write an address that begins with https://"));
    }
    faults
}

/// A day that a resident may be promised: not over when it was said, and within reach.
fn check_day(on: Date, at: Timestamp) -> Option<Invalid> {
    let said = at.to_zoned(TimeZone::UTC).date();
    // The day before, too: it may still be that day where the department is.
    let first = said.saturating_sub(Span::new().days(1));
    let last = said.saturating_add(Span::new().years(MAX_YEARS));
    (on < first || on > last).then(|| {
        let message = format!("this plans for {on}, said on {said}: write a day from then to {MAX_YEARS} years later");
        Invalid::new("/say/on", "out_of_range", message)
    })
}

fn check_evidence(evidence: &[String]) -> Vec<Invalid> {
    let mut faults = Vec::new();
    if evidence.len() > MAX_EVIDENCE {
        let message = format!("these are {} addresses, at most {MAX_EVIDENCE} fit", evidence.len());
        faults.push(Invalid::new("/say/evidence", "too_many", message));
    }
    for (i, address) in evidence.iter().enumerate().take(MAX_EVIDENCE) {
        if !is_web(address) {
            let message = "write an address that begins with https://";
            faults.push(Invalid::new(format!("/say/evidence/{i}"), "malformed", message));
        }
    }
    faults
}

/// Whether a resident may be led to `address`: a page on the web, and no password in it. Line ends and
/// the like, which browsers pass over in an address, are none of it.
fn is_web(address: &str) -> bool {
    let plain = address.len() <= MAX_ADDRESS && !address.chars().any(char::is_control);
    plain
        && Url::parse(address).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        })
}

#[cfg(test)]
#[path = "answers/tests.rs"]
mod tests;
