//! The department's files: found, left alone until their writer is done, read, and put away.

use super::{
    Exchange, columns,
    config::{Format, Receipt},
    out::{digest, unreadable},
    round::{Seen, State},
    said::{self, At, Which},
    shelf::{Entry, LARGEST, Shelf, Trouble},
    table::{self, Line, Manner, Wrong},
};
use crate::happened::{Fate, Happened};
use schemas::{
    Timestamp, Uuid,
    case::Role,
    dispatch::{Say, Update},
    id::derived,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};
use store::{BatchAnswer, BatchFile, DispatchPeek};

/// How long a file must not have changed before it is read.
const STILL: Duration = Duration::from_secs(5);
/// How long a file may look unfinished before it is read as it is.
const PATIENCE: Duration = Duration::from_secs(600);
/// How many files one round reads.
const FILES: usize = 20;
/// What only spreadsheet programs can read.
const BOOKS: [&str; 4] = ["xlsx", "xls", "ods", "numbers"];

/// What a round heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub updates: Vec<Update>,
    pub arrived: Vec<(Uuid, Option<String>)>,
    pub happened: Vec<Happened>,
    pub answered: Vec<(i64, Uuid, bool, Option<String>)>,
    /// Whether there is more to read soon.
    pub more: bool,
}

/// What a file of theirs is, by its name.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    Updates(Format),
    /// Of the file of ours with this name.
    Receipt(&'a str, Format),
    Book,
    Other,
}

fn kind(name: &str, usual: Format) -> Kind<'_> {
    let lower = name.to_lowercase();
    if name.starts_with('.') {
        return Kind::Other;
    }
    let format = |lower: &str| match lower.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => Some(Format::Json),
        Some("csv" | "txt" | "tsv") => Some(Format::Csv),
        _ => None,
    };
    if let Some(of) = lower.strip_suffix(".receipt") {
        return Kind::Receipt(&name[..name.len() - ".receipt".len()], format(of).unwrap_or(usual));
    }
    match format(&lower) {
        Some(format) => Kind::Updates(format),
        None if BOOKS.iter().any(|ending| lower.ends_with(&format!(".{ending}"))) => Kind::Book,
        None => Kind::Other,
    }
}

impl Exchange {
    /// Moves what was read out of the way. One that cannot be moved stays, and keeps no other.
    pub(super) async fn put_away(&self, shelf: &dyn Shelf, state: &mut State) -> Result<(), Trouble> {
        let mut went = Ok(());
        for (name, read) in state.read.clone() {
            match self.put_one_away(shelf, &name, &read).await {
                Ok(()) => _ = state.read.remove(&name),
                Err(trouble) => went = went.and(Err(trouble)),
            }
        }
        went
    }

    async fn put_one_away(&self, shelf: &dyn Shelf, name: &str, read: &str) -> Result<(), Trouble> {
        let from = self.inbound(name);
        let there = shelf.read(&from).await?;
        // Of another content, it is another file, and not read yet.
        if there.as_deref().map(digest).is_some_and(|there| there == read) {
            let plain = self.done(name);
            // Whatever stands there, and be it nothing that can be read, stays.
            let free = matches!(shelf.read(&plain).await, Ok(None));
            let to = if free { plain } else { format!("{plain}.{}", &read[..12]) };
            shelf.rename(&from, &to).await?;
        }
        Ok(())
    }

    /// Reads what is new. What was heard, and that it was, are changed together, file by file; one that
    /// cannot be read is told, and keeps no other.
    pub(super) async fn hear(
        &self,
        shelf: &dyn Shelf,
        state: &mut State,
        now: Timestamp,
        heard: &mut Heard,
    ) -> Result<(), Trouble> {
        let entries = shelf.list(self.config.inbound.trim_matches('/')).await?;
        let names: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        state.seen.retain(|name, _| names.contains(name.as_str()));
        let (mut files, mut went) = (0, Ok(()));
        for entry in &entries {
            let kind = kind(&entry.name, self.config.format);
            if kind == Kind::Other || state.read.contains_key(&entry.name) {
                continue;
            }
            let since = match still(state, entry, now) {
                Still::Since(since) => since,
                Still::Refused => continue,
                Still::Not => {
                    heard.more = true;
                    continue;
                }
            };
            if files == FILES {
                heard.more = true;
                break;
            }
            match self.hear_one(shelf, state, (entry, &kind, since), now, heard).await {
                Ok(read) => files += usize::from(read),
                Err(trouble) => {
                    files += 1;
                    went = went.and(Err(trouble));
                }
            }
        }
        went
    }

    /// Reads one file that lies still; gives whether it was finished.
    async fn hear_one(
        &self,
        shelf: &dyn Shelf,
        state: &mut State,
        (entry, kind, since): (&Entry, &Kind<'_>, Timestamp),
        now: Timestamp,
        heard: &mut Heard,
    ) -> Result<bool, Trouble> {
        let format = match kind {
            Kind::Updates(format) | Kind::Receipt(_, format) => *format,
            Kind::Book | Kind::Other => self.config.format,
        };
        if entry.size > LARGEST {
            let wrong = Wrong::new(0, "", Trouble::too_large(&entry.name).0);
            self.complain(shelf, &entry.name, format, &[wrong]).await?;
            if let Some(seen) = state.seen.get_mut(&entry.name) {
                seen.refused = true;
            }
            return Ok(true);
        }
        // Changed meanwhile: it is looked at again.
        let bytes = shelf.read(&self.inbound(&entry.name)).await?.filter(|bytes| bytes.len() as u64 == entry.size);
        let Some(bytes) = bytes else { return Ok(false) };
        if *kind != Kind::Book && !table::is_whole(format, &bytes) && now < since + PATIENCE {
            return Ok(false);
        }
        let read = digest(&bytes);
        let mut found = Heard::default();
        let wrong = match kind {
            Kind::Book => vec![Wrong::new(0, "", "this is a workbook: save the sheet as CSV")],
            Kind::Receipt(of, format) => self.receipt(of, *format, &bytes, &mut found).await?,
            Kind::Updates(_) | Kind::Other => {
                let at = At {
                    file: (&entry.name, &read),
                    written: entry.modified.unwrap_or(now),
                    now,
                    zone: &self.city.calendar.zone,
                    department: &self.department,
                };
                self.updates(format, &bytes, at, &mut found).await?
            }
        };
        self.complain(shelf, &entry.name, format, &wrong).await?;
        self.note(&entry.name, kind, &found, &wrong);
        heard.updates.extend(found.updates);
        heard.arrived.extend(found.arrived);
        heard.happened.extend(found.happened);
        heard.answered.extend(found.answered);
        state.seen.remove(&entry.name);
        state.read.insert(entry.name.clone(), read);
        Ok(true)
    }

    fn manner<'a>(&self, labels: &'a BTreeMap<String, String>, names: &'a [&'a str]) -> Manner<'a> {
        Manner { delimiter: self.config.delimiter.byte(), names, labels }
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let name = |value: &Option<String>| value.clone().unwrap_or_else(|| "remark".to_owned());
        let columns = self.config.columns.iter();
        columns.map(|column| (column.label.trim().to_owned(), name(&column.value))).collect()
    }

    fn read(&self, format: Format, bytes: &[u8]) -> (Vec<Line>, Vec<Wrong>) {
        let names: Vec<&str> = said::SPEAKS.into_iter().chain(columns::NAMES).collect();
        table::read(format, bytes, self.manner(&self.labels(), &names))
    }

    async fn updates(
        &self,
        format: Format,
        bytes: &[u8],
        at: At<'_>,
        found: &mut Heard,
    ) -> Result<Vec<Wrong>, Trouble> {
        let (lines, mut wrong) = self.read(format, bytes);
        let mut about = Vec::new();
        for line in lines.iter().filter(|line| !said::is_silent(line)) {
            match Which::read(line) {
                Ok(which) => {
                    // A time that cannot be read is told below.
                    let at = said::said_at(line, at).unwrap_or(at.now);
                    about.push((line, said::meant(&self.find(&which).await?, at)));
                }
                Err(unclear) => wrong.push(unclear),
            }
        }
        let known = self.peek(about.iter().filter_map(|(_, dispatch)| *dispatch)).await?;
        for (line, dispatch) in about {
            let Some((dispatch, peek)) = dispatch.and_then(|dispatch| Some((dispatch, known.get(&dispatch)?))) else {
                let message = "there is no such dispatch for this department: copy `dispatch` from our file";
                wrong.push(Wrong::new(line.row, "dispatch", message));
                continue;
            };
            match said::update(line, dispatch, peek.case_id, at) {
                Ok(update) if peek.role == Role::Informed && !matches!(update.say, Say::InternalNote { .. }) => {
                    let message =
                        "you were informed of this case, another department does it: only internal_note is possible";
                    wrong.push(Wrong::new(line.row, "what", message));
                }
                Ok(update) => found.updates.push(update),
                Err(more) => wrong.extend(more),
            }
        }
        Ok(wrong)
    }

    /// The dispatches that a row may be about, each with when it was posted, oldest first. One that is
    /// named may be anybody's; of a case that is named, they are this department's.
    async fn find(&self, which: &Which) -> Result<Vec<(Uuid, Timestamp)>, Trouble> {
        let case = match which {
            Which::Dispatch(dispatch) => return Ok(vec![(*dispatch, Timestamp::MIN)]),
            Which::Number(number) => {
                let known = self.store.dispatch_by_their_number(&self.department, number).await.map_err(unreadable)?;
                self.peek(known.into_iter()).await?.into_values().next().map(|peek| peek.case_id)
            }
            Which::Reference(reference) => {
                self.store.report_by_reference(*reference).await.map_err(unreadable)?.map(|report| report.id)
            }
        };
        let Some(case) = case else { return Ok(Vec::new()) };
        let rows = self.store.dispatches_of(case).await.map_err(unreadable)?;
        let mine = rows.into_iter().filter(|row| row.department == self.department);
        Ok(mine.map(|row| (row.id, row.posted_at)).collect())
    }

    /// Those of the dispatches that are this department's.
    async fn peek(&self, dispatches: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, DispatchPeek>, Trouble> {
        let ids: Vec<Uuid> = dispatches.collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut tx = self.store.begin().await.map_err(unreadable)?;
        let mut known = tx.peek_dispatches(&ids).await.map_err(unreadable)?;
        known.retain(|_, peek| peek.department == self.department);
        Ok(known)
    }

    async fn receipt(&self, of: &str, format: Format, bytes: &[u8], found: &mut Heard) -> Result<Vec<Wrong>, Trouble> {
        let Some(file) = self.store.batch_by_name(&self.department, of).await.map_err(unreadable)? else {
            let message =
                format!("there is no file `{of}` of ours: name a receipt as our file, with `.receipt` behind");
            return Ok(vec![Wrong::new(0, "", message)]);
        };
        let rows = self.store.batch_rows(&self.department, file.number).await.map_err(unreadable)?;
        let mut open: BTreeMap<Uuid, Option<BatchAnswer>> =
            rows.into_iter().map(|row| (row.dispatch, row.answer)).collect();
        let (lines, mut wrong) = self.read(format, bytes);
        let mut rest = None;
        for line in &lines {
            let answered = match said::answered(line) {
                Ok(answered) => answered,
                Err(unclear) => {
                    wrong.push(unclear);
                    continue;
                }
            };
            let Some(which) = &answered.which else {
                rest = Some(answered);
                continue;
            };
            let named = self.find(which).await?;
            match named.into_iter().rev().find(|(dispatch, _)| open.contains_key(dispatch)) {
                Some((dispatch, _)) => {
                    // What was answered before keeps its first answer.
                    if open.insert(dispatch, Some(answered.answer)).flatten().is_none() {
                        self.settle(&file, dispatch, &answered, found);
                    }
                }
                None => wrong.push(Wrong::new(line.row, "dispatch", format!("{of} has no such row"))),
            }
        }
        if let Some(rest) = rest {
            for (dispatch, _) in open.into_iter().filter(|(_, answer)| answer.is_none()) {
                self.settle(&file, dispatch, &rest, found);
            }
        }
        Ok(wrong)
    }

    fn settle(&self, file: &BatchFile, dispatch: Uuid, answered: &said::Answered, found: &mut Heard) {
        let taken = answered.answer == BatchAnswer::Accepted;
        found.answered.push((file.number, dispatch, taken, answered.number.clone()));
        if !taken {
            let why = format!("their receipt of {} refuses it: {}", file.name, answered.reason);
            let id = derived(&["batch", "rejected", &file.name, &dispatch.to_string()]);
            found.happened.push(Happened {
                id,
                dispatch,
                fate: Fate::CameBack { text: why.clone(), who: Vec::new(), why },
            });
        } else if self.config.receipt == Receipt::Required {
            let receipt = answered.number.clone().unwrap_or_else(|| file.name.clone());
            found.arrived.push((dispatch, Some(receipt)));
        }
    }

    /// Puts what is wrong with a file beside it; clears away what was said about one of that name.
    async fn complain(&self, shelf: &dyn Shelf, name: &str, format: Format, wrong: &[Wrong]) -> Result<(), Trouble> {
        let beside = self.inbound(&format!("{name}.errors"));
        if wrong.is_empty() {
            return shelf.rename(&beside, &self.done(&format!("{name}.errors"))).await.map(|_| ());
        }
        let part = format!("{beside}.part");
        shelf.write(&part, &complaint(format, self.config.delimiter.byte(), wrong)).await?;
        shelf.rename(&part, &beside).await.map(|_| ())
    }

    fn note(&self, name: &str, kind: &Kind<'_>, found: &Heard, wrong: &[Wrong]) {
        let what = match kind {
            Kind::Receipt(..) => "receipt",
            _ => "in",
        };
        let department = self.department.to_string();
        metrics::counter!("voordeur_batch_files_total", "department" => department, "what" => what).increment(1);
        let taken = found.answered.iter().filter(|(_, _, taken, _)| *taken).count();
        self.count("update", found.updates.len() as u64);
        self.count("accepted", taken as u64);
        self.count("rejected", (found.answered.len() - taken) as u64);
        self.count("bad", wrong.len() as u64);
        tracing::info!(
            department = %self.department, file = name, updates = found.updates.len(), answered = found.answered.len(),
            wrong = wrong.len(), "a file of the department was read"
        );
    }
}

/// Whether a file lies still.
enum Still {
    /// Since then, which is long enough.
    Since(Timestamp),
    /// It does, and it was refused.
    Refused,
    /// Not long enough.
    Not,
}

fn still(state: &mut State, entry: &Entry, now: Timestamp) -> Still {
    if let Some(seen) = state.seen.get(&entry.name)
        && (seen.size, seen.modified) == (entry.size, entry.modified)
    {
        return match seen.since {
            _ if seen.refused => Still::Refused,
            since if now >= since + STILL => Still::Since(since),
            _ => Still::Not,
        };
    }
    let seen = Seen { size: entry.size, modified: entry.modified, since: now, refused: false };
    state.seen.insert(entry.name.clone(), seen);
    Still::Not
}

fn complaint(format: Format, delimiter: u8, wrong: &[Wrong]) -> Vec<u8> {
    if format == Format::Json {
        let rows: Vec<serde_json::Value> = wrong
            .iter()
            .map(|wrong| serde_json::json!({"row": wrong.row, "field": wrong.field, "message": wrong.message}))
            .collect();
        return format!("{:#}\n", serde_json::Value::from(rows)).into_bytes();
    }
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let rows = wrong.iter().map(|wrong| [wrong.row.to_string(), wrong.field.clone(), wrong.message.clone()]);
    let head = ["row", "field", "message"].map(str::to_owned);
    // Into memory, nothing can go wrong.
    for row in std::iter::once(head).chain(rows) {
        _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
#[path = "hear_tests.rs"]
mod tests;
