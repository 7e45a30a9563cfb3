//! What rows of the department's files say: updates about dispatches, and receipts of our files.

use super::table::{Line, Wrong};
use crate::answers::check_words;
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use schemas::{
    Uuid,
    dispatch::{Say, Update},
    fault::did_you_mean,
    id::derived,
    reference::Reference,
    slug::DepartmentId,
    text,
};
use store::BatchAnswer;

/// What a row of updates can hold that says something.
pub const SPEAKS: [&str; 15] = [
    "dispatch",
    "reference",
    "their_number",
    "id",
    "what",
    "at",
    "on",
    "text",
    "evidence",
    "to",
    "to_phone",
    "to_url",
    "result",
    "reason",
    // Read by nobody: what a department notes for itself.
    "remark",
];

const WHAT: [&str; 8] = ["accept", "reject", "note", "internal_note", "ask", "refer", "plan", "done"];
/// How far ahead of ours a department's clock may be, in seconds.
const MAX_AHEAD: i64 = 600;

/// By what a row says which dispatch it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Its id.
    Dispatch(Uuid),
    /// The department's own number of it.
    Number(String),
    /// The city's reference of the case: the newest dispatch that the department has of it.
    Reference(Reference),
}

impl Which {
    /// Reads the cells that say it: the first of these that is there counts.
    pub fn read(line: &Line) -> Result<Self, Wrong> {
        let wrong = |field: &str, message: &str| Wrong::new(line.row, field, message);
        if let Some(id) = line.cell("dispatch") {
            return id
                .parse()
                .map(Self::Dispatch)
                .map_err(|_| wrong("dispatch", "this is no id of a dispatch: copy it from our file"));
        }
        if let Some(number) = line.cell("their_number") {
            return Ok(Self::Number(text::clean_line(number)));
        }
        match line.cell("reference") {
            Some(reference) => Reference::parse(&eight_digits(reference)).map(Self::Reference).map_err(|_| {
                wrong("reference", "this is no reference: it has eight digits, and one of these is not right")
            }),
            None => {
                Err(wrong("dispatch", "say which case this is about: give `dispatch`, `reference` or `their_number`"))
            }
        }
    }
}

/// A reference with the noughts at its front that a spreadsheet took for those of a number.
fn eight_digits(text: &str) -> String {
    let is_number = (1..8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { format!("{text:0>8}") } else { text.to_owned() }
}

/// Where a row stands, for what it says of time and identity.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The file's name and the sha256 of what it holds, in hex.
    pub file: (&'a str, &'a str),
    /// When the file was written.
    pub written: Timestamp,
    /// When it is read.
    pub now: Timestamp,
    /// Where times without a zone are from.
    pub zone: &'a TimeZone,
    /// Whose file it is.
    pub department: &'a DepartmentId,
}

/// Whether the row has nothing to say: one of ours that came back as it was.
pub fn is_silent(line: &Line) -> bool {
    ["what", "text", "reason", "on", "evidence", "to"].iter().all(|name| line.cell(name).is_none())
}

/// When the row was said.
pub fn said_at(line: &Line, at: At<'_>) -> Result<Timestamp, Wrong> {
    match line.cell("at").map(|cell| moment(cell, at)) {
        None => Ok(at.written.min(at.now)),
        Some(Some(said)) if said.as_second() - at.now.as_second() <= MAX_AHEAD => Ok(said),
        Some(Some(_)) => Err(Wrong::new(line.row, "at", format!("this is in the future, it is {} now", at.now))),
        Some(None) => {
            let message = "this is no time: write 2026-11-23T10:00:00Z, or 2026-11-23 10:00 as it is in the city";
            Err(Wrong::new(line.row, "at", message))
        }
    }
}

/// Of the dispatches of a case, oldest first, the one that was spoken of at `at`: who speaks of a case
/// without naming one means the one that they had. Clocks may be apart a little.
pub fn meant(rows: &[(Uuid, Timestamp)], at: Timestamp) -> Option<Uuid> {
    let had = |row: &&(Uuid, Timestamp)| row.1.as_second() <= at.as_second() + MAX_AHEAD;
    rows.iter().rev().find(had).or(rows.first()).map(|(id, _)| *id)
}

/// The update that a row is, about `dispatch` of `case`; or everything that is wrong with it.
pub fn update(line: &Line, dispatch: Uuid, case: Uuid, at: At<'_>) -> Result<Update, Vec<Wrong>> {
    let (mut wrong, row) = (Vec::new(), line.row);
    let said_at = said_at(line, at).unwrap_or_else(|fault| {
        wrong.push(fault);
        at.now
    });
    let say = say(line).map_err(|more| wrong.extend(more)).ok();
    let (Some(say), true) = (say, wrong.is_empty()) else { return Err(wrong) };
    let id = line.cell("id").map_or_else(|| identity(line, case, at), str::to_owned);
    let update = Update { critical: false, id, department: at.department.clone(), dispatch, at: said_at, say };
    check_words(update).map_err(|faults| {
        let field = |pointer: &str| pointer.trim_start_matches("/say").trim_start_matches('/').to_owned();
        faults.into_iter().map(|fault| Wrong::new(row, field(&fault.field), fault.message)).collect()
    })
}

/// What a row without an id of its own is known by. With a time, it is the same in every file that
/// repeats it, also when the department got the case once more since; without one, in this file.
fn identity(line: &Line, case: Uuid, at: At<'_>) -> String {
    let cell = |name| line.cell(name).unwrap_or_default();
    let row = line.row.to_string();
    let place = if line.cell("at").is_some() { ["", "", ""] } else { [at.file.0, at.file.1, &row] };
    let said = ["what", "at", "on", "text", "reason", "evidence", "to", "to_phone", "to_url"].map(cell);
    let case = case.to_string();
    let parts: Vec<&str> = ["batch", &case].into_iter().chain(place).chain(said).collect();
    derived(&parts).to_string()
}

fn say(line: &Line) -> Result<Say, Vec<Wrong>> {
    let wrong = |field: &str, message: String| vec![Wrong::new(line.row, field, message)];
    let cell = |name: &str| line.cell(name).map(str::to_owned);
    let words = cell("text").or_else(|| cell("reason"));
    let needed = words.clone().unwrap_or_default();
    let Some(what) = cell("what").map(|what| what.to_lowercase().replace([' ', '-'], "_")) else {
        return Err(wrong("what", format!("say what happened: one of {}", WHAT.join(", "))));
    };
    Ok(match what.as_str() {
        "accept" => Say::Accept {},
        "reject" => Say::Reject { reason: needed },
        "note" => Say::Note { text: needed },
        "internal_note" => Say::InternalNote { text: needed },
        "ask" => Say::Ask { text: needed },
        "refer" => {
            Say::Refer { to: cell("to").unwrap_or_default(), phone: cell("to_phone"), url: cell("to_url"), text: words }
        }
        "plan" => {
            let on = cell("on").ok_or_else(|| wrong("on", "say on which day: 2026-11-30".to_owned()))?;
            let on =
                day(&on).ok_or_else(|| wrong("on", format!("`{on}` is no day: write 2026-11-30 or 30/11/2026")))?;
            Say::Plan { on, text: words }
        }
        "done" => {
            let evidence = cell("evidence").unwrap_or_default();
            Say::Done { text: words, evidence: evidence.split_whitespace().map(str::to_owned).collect() }
        }
        other => {
            let message = format!("`{other}` says nothing here: {}", did_you_mean(other, WHAT));
            return Err(wrong("what", message));
        }
    })
}

/// A day as people and programs write it.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    let mut parts = text.split(['/', '.', '-']);
    let mut part = || parts.next()?.trim().parse::<i16>().ok();
    let (day, month, year) = (part()?, part()?, part()?);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (parts.next().is_none() && year >= 2000).then_some(date)
}

/// A moment as people and programs write it. A day alone counts to its end, or until the file was
/// written.
fn moment(text: &str, at: At<'_>) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let in_city = |civil: DateTime| Some(civil.to_zoned(at.zone.clone()).ok()?.timestamp());
    let (date, time) = text.split_once([' ', 'T']).map_or((text, None), |(date, time)| (date, Some(time)));
    let date = day(date)?;
    match time {
        None => in_city(date.to_datetime(Time::constant(23, 59, 59, 0))).map(|end| end.min(at.written.min(at.now))),
        Some(time) => {
            let mut parts = time.trim().split(':').map(|part| part.parse::<i8>().ok());
            let (hour, minute) = (parts.next()??, parts.next()??);
            let second = parts.next().map_or(Some(0), |second| second)?;
            in_city(date.to_datetime(Time::new(hour, minute, second, 0).ok()?))
        }
    }
}

/// What a row of a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Of which row of our file; nothing: of all that the receipt does not name.
    pub which: Option<Which>,
    /// Whether it was taken.
    pub answer: BatchAnswer,
    /// The department's own number of it.
    pub number: Option<String>,
    /// Why it was not taken.
    pub reason: String,
}

/// Reads a row of a receipt.
pub fn answered(line: &Line) -> Result<Answered, Wrong> {
    let answer = match line.cell("result").map(str::to_lowercase).as_deref().map(BatchAnswer::parse) {
        Some(Some(answer)) => answer,
        Some(None) | None => return Err(Wrong::new(line.row, "result", "write accepted or rejected")),
    };
    let all = line.cell("dispatch") == Some("*");
    let which = if all { None } else { Some(Which::read(&without_number(line))?) };
    let number = line.cell("their_number").map(text::clean_line).filter(|number| !number.is_empty());
    if number.as_ref().is_some_and(|number| text::length(number) > 100) {
        return Err(Wrong::new(line.row, "their_number", "at most 100 characters"));
    }
    let reason = text::clean(line.cell("reason").or_else(|| line.cell("text")).unwrap_or_default());
    if answer == BatchAnswer::Rejected && reason.is_empty() {
        return Err(Wrong::new(line.row, "reason", "say why it was not taken"));
    }
    let reason = reason.chars().take(500).collect();
    Ok(Answered { which, answer, number: number.filter(|_| !all), reason })
}

/// In a receipt the number is what is told, not what it is told by.
fn without_number(line: &Line) -> Line {
    let mut line = line.clone();
    line.cells.remove("their_number");
    line
}

#[cfg(test)]
#[path = "said_tests.rs"]
mod tests;
