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
    /// Moves what was read out of the way.
    pub(super) async fn put_away(&self, shelf: &dyn Shelf, state: &mut State) -> Result<(), Trouble> {
        for (name, read) in state.read.clone() {
            let from = self.inbound(&name);
            let there = shelf.read(&from).await?;
            // Of another content, it is another file, and not read yet.
            if there.as_deref().map(digest).is_some_and(|there| there == read) {
                let plain = self.done(&name);
                let taken = shelf.read(&plain).await?.is_some();
                let to = if taken { format!("{plain}.{}", &read[..12]) } else { plain };
                shelf.rename(&from, &to).await?;
            }
            state.read.remove(&name);
        }
        Ok(())
    }

    /// Reads what is new. What was heard, and that it was, are changed together, file by file.
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
        let mut files = 0;
        for entry in &entries {
            let kind = kind(&entry.name, self.config.format);
            if kind == Kind::Other || state.read.contains_key(&entry.name) {
                continue;
            }
            let Some(since) = still(state, entry, now) else {
                heard.more = true;
                continue;
            };
            let Some(bytes) = self.fetch(shelf, entry).await? else { continue };
            let format = match kind {
                Kind::Updates(format) | Kind::Receipt(_, format) => format,
                Kind::Book | Kind::Other => self.config.format,
            };
            let whole =
                kind == Kind::Book || bytes.is_err() || bytes.as_ref().is_ok_and(|b| table::is_whole(format, b));
            if !whole && now < since + PATIENCE {
                continue;
            }
            if files == FILES {
                heard.more = true;
                break;
            }
            files += 1;
            let read = digest(bytes.as_deref().unwrap_or_default());
            let mut found = Heard::default();
            let wrong = match (&kind, &bytes) {
                (Kind::Book, _) => vec![Wrong::new(0, "", "this is a workbook: save the sheet as CSV")],
                (_, Err(trouble)) => vec![Wrong::new(0, "", trouble.0.clone())],
                (Kind::Receipt(of, format), Ok(bytes)) => self.receipt(of, *format, bytes, &mut found).await?,
                (_, Ok(bytes)) => {
                    let at = At {
                        file: (&entry.name, &read),
                        written: entry.modified.unwrap_or(now),
                        now,
                        zone: &self.city.calendar.zone,
                        department: &self.department,
                    };
                    self.updates(format, bytes, at, &mut found).await?
                }
            };
            self.complain(shelf, &entry.name, format, &wrong).await?;
            self.note(&entry.name, &kind, &found, &wrong);
            heard.updates.extend(found.updates);
            heard.arrived.extend(found.arrived);
            heard.happened.extend(found.happened);
            heard.answered.extend(found.answered);
            state.seen.remove(&entry.name);
            state.read.insert(entry.name.clone(), read);
        }
        Ok(())
    }

    /// What the file holds; nothing when it changed meanwhile, an error when it is none to read.
    async fn fetch(&self, shelf: &dyn Shelf, entry: &Entry) -> Result<Option<Result<Vec<u8>, Trouble>>, Trouble> {
        if entry.size > LARGEST {
            return Ok(Some(Err(Trouble::too_large(&entry.name))));
        }
        let bytes = shelf.read(&self.inbound(&entry.name)).await?;
        Ok(bytes.filter(|bytes| bytes.len() as u64 == entry.size).map(Ok))
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
                Ok(which) => about.push((line, self.find(&which).await?)),
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
            match said::update(line, dispatch, at) {
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

    /// The dispatch that a row is about, whoever it was for.
    async fn find(&self, which: &Which) -> Result<Option<Uuid>, Trouble> {
        match which {
            Which::Dispatch(dispatch) => Ok(Some(*dispatch)),
            Which::Number(number) => {
                self.store.dispatch_by_their_number(&self.department, number).await.map_err(unreadable)
            }
            Which::Reference(reference) => {
                let report = self.store.report_by_reference(*reference).await.map_err(unreadable)?;
                let Some(report) = report else { return Ok(None) };
                let rows = self.store.dispatches_of(report.id).await.map_err(unreadable)?;
                Ok(rows.into_iter().rfind(|row| row.department == self.department).map(|row| row.id))
            }
        }
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
            match self.find(which).await?.filter(|dispatch| open.contains_key(dispatch)) {
                Some(dispatch) => {
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

/// Since when a file has not changed, once that is long enough.
fn still(state: &mut State, entry: &Entry, now: Timestamp) -> Option<Timestamp> {
    if let Some(seen) = state.seen.get(&entry.name)
        && (seen.size, seen.modified) == (entry.size, entry.modified)
    {
        return Some(seen.since).filter(|since| now >= *since + STILL);
    }
    let seen = Seen { size: entry.size, modified: entry.modified, since: now };
    state.seen.insert(entry.name.clone(), seen);
    None
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
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_stands_in_its_name() {
        for (name, wanted) in [
            ("updates.csv", Kind::Updates(Format::Csv)),
            ("UPDATES.JSON", Kind::Updates(Format::Json)),
            ("voordeur-wegen-20261123-000001.json.receipt", {
                Kind::Receipt("voordeur-wegen-20261123-000001.json", Format::Json)
            }),
            ("x.RECEIPT", Kind::Receipt("x", Format::Csv)),
            ("updates.xlsx", Kind::Book),
            ("updates.csv.part", Kind::Other),
            ("updates.csv.filepart", Kind::Other),
            ("updates.csv.errors", Kind::Other),
            (".updates.csv", Kind::Other),
            ("lees mij", Kind::Other),
        ] {
            assert_eq!(kind(name, Format::Csv), wanted, "{name}");
        }
    }
}
