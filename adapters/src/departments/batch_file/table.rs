//! The department's files as rows of named cells, whatever program wrote them: CSV with any of the
//! usual marks between cells, in UTF-8 or in Windows-1252, or JSON.

use super::{config::Format, sheet};
use schemas::fault::did_you_mean;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use std::{collections::BTreeMap, fmt};

/// The most rows of one file.
pub const MOST_ROWS: usize = 10_000;
/// The most columns of one file, and names of one object.
const MOST_NAMES: usize = 300;
/// The most bytes of one row in JSON.
const LARGEST_ROW: usize = 64 * 1024;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which row, as a spreadsheet counts: 1 is the head. In JSON, 1 is the first.
    pub row: usize,
    /// What stands under each name; nothing that is empty.
    pub cells: BTreeMap<String, String>,
}

impl Line {
    /// What stands under `name`.
    pub fn cell(&self, name: &str) -> Option<&str> {
        self.cells.get(name).map(String::as_str)
    }
}

/// Something wrong in a file, for its writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// In which row; 0 is the file as a whole.
    pub row: usize,
    /// Under which name.
    pub field: String,
    /// What, and what to do about it.
    pub message: String,
}

impl Wrong {
    /// In `row`, under `field`.
    pub fn new(row: usize, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { row, field: field.into(), message: message.into() }
    }

    fn whole(message: impl Into<String>) -> Self {
        Self::new(0, "", message)
    }
}

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    /// What is between cells where the head does not tell.
    pub delimiter: u8,
    /// The names that count, and those that may stand there and say nothing new.
    pub names: &'a [&'a str],
    /// The names behind the city's own names for columns.
    pub labels: &'a BTreeMap<String, String>,
}

/// Whether the file looks as if its writer had come to its end.
pub fn is_whole(format: Format, bytes: &[u8]) -> bool {
    match format {
        Format::Csv => bytes.ends_with(b"\n") || bytes.ends_with(b"\r"),
        Format::Json => serde_json::from_slice::<serde::de::IgnoredAny>(without_mark(bytes)).is_ok(),
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The rows of a file, and what is wrong with it besides.
pub fn read(format: Format, bytes: &[u8], manner: Manner<'_>) -> (Vec<Line>, Vec<Wrong>) {
    let (lines, mut wrong) = match format {
        Format::Csv => csv(bytes, manner),
        Format::Json => json(bytes, manner),
    };
    // What stands under each name that says nothing to us.
    wrong.sort_by_key(|wrong| wrong.row);
    (lines, wrong)
}

/// Of a file that holds too much nothing is read.
fn too_many(rows: usize) -> (Vec<Line>, Vec<Wrong>) {
    let message = format!("these are {rows} rows, at most {MOST_ROWS} fit: split the file");
    (Vec::new(), vec![Wrong::whole(message)])
}

fn csv(bytes: &[u8], manner: Manner<'_>) -> (Vec<Line>, Vec<Wrong>) {
    let bytes = without_mark(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        // What spreadsheets of this part of the world write otherwise.
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    let head = text.lines().next().unwrap_or_default();
    let often = |delimiter: u8| head.bytes().filter(|byte| *byte == delimiter).count();
    let delimiter = [b'\t', b',', b';', manner.delimiter].into_iter().max_by_key(|d| often(*d)).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let (mut names, mut lines, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    // Those that hold anything: programs like to end with thousands that hold nothing.
    let mut rows = 0;
    for (at, record) in reader.records().enumerate() {
        let row = at + 1;
        if record.as_ref().is_ok_and(|record| record.iter().all(|cell| cell.trim().is_empty())) && row > 1 {
            continue;
        }
        rows += usize::from(row > 1);
        if rows > MOST_ROWS {
            continue;
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                wrong.push(Wrong::new(row, "", format!("this row cannot be read: {error}")));
                continue;
            }
        };
        if row == 1 {
            if record.len() > MOST_NAMES {
                let message = format!("these are {} columns, at most {MOST_NAMES} fit", record.len());
                return (Vec::new(), vec![Wrong::whole(message)]);
            }
            names = record.iter().map(|name| name_of(name, manner)).collect();
            wrong.extend(names.iter().filter_map(|name| strange(name, manner)));
            continue;
        }
        if record.len() > names.len() {
            let message = format!(
                "this row has {} cells under {} names: put quotes around a text that holds the mark between cells",
                record.len(),
                names.len()
            );
            wrong.push(Wrong::new(row, "", message));
            continue;
        }
        let cells: BTreeMap<String, String> = names
            .iter()
            .zip(record.iter())
            .map(|(name, cell)| (name.clone(), sheet::plain(cell.trim()).to_owned()))
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        if !cells.is_empty() {
            lines.push(Line { row, cells });
        }
    }
    if rows > MOST_ROWS {
        return too_many(rows);
    }
    if names.is_empty() {
        wrong.push(Wrong::whole("this file is empty: begin with a row of names"));
    }
    (lines, wrong)
}

fn name_of(name: &str, manner: Manner<'_>) -> String {
    let name = sheet::plain(name.trim());
    manner.labels.get(name).cloned().unwrap_or_else(|| name.to_lowercase())
}

/// What to say about a name that means nothing here.
fn strange(name: &str, manner: Manner<'_>) -> Option<Wrong> {
    let known = name.is_empty() || manner.names.contains(&name) || name.starts_with(super::columns::ANSWER);
    (!known).then(|| {
        let help = did_you_mean(name, manner.names.iter().copied());
        let name: String = name.chars().take(100).collect();
        Wrong::new(1, name, format!("nothing is read under this name: {help}"))
    })
}

/// The rows of a JSON file, each unread; no more of them than may be, and how many there are.
#[derive(Default)]
struct Rows<'a> {
    first: Vec<&'a RawValue>,
    count: usize,
}

impl<'de> Deserialize<'de> for Rows<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = Rows<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects, or {\"rows\": […]}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rows = Rows::default();
        while rows.count < MOST_ROWS {
            let Some(row) = seq.next_element()? else { return Ok(rows) };
            rows.first.push(row);
            rows.count += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            rows.count += 1;
        }
        Ok(rows)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rows = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "rows" {
                rows = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        rows.ok_or_else(|| A::Error::missing_field("rows"))
    }
}

fn json(bytes: &[u8], manner: Manner<'_>) -> (Vec<Line>, Vec<Wrong>) {
    let Rows { first, count } = match serde_json::from_slice(without_mark(bytes)) {
        Ok(rows) => rows,
        Err(error) if error.is_data() => {
            return (Vec::new(), vec![Wrong::whole("write a list of objects, or {\"rows\": […]}")]);
        }
        Err(error) => return (Vec::new(), vec![Wrong::whole(format!("this is not JSON: {error}"))]),
    };
    if count > MOST_ROWS {
        return too_many(count);
    }
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    for (at, unread) in first.into_iter().enumerate() {
        let row = at + 1;
        if unread.get().len() > LARGEST_ROW {
            let message = format!("these are {} bytes, at most {LARGEST_ROW} fit in a row", unread.get().len());
            wrong.push(Wrong::new(row, "", message));
            continue;
        }
        let Ok(Value::Object(object)) = serde_json::from_str(unread.get()) else {
            wrong.push(Wrong::new(row, "", "this is no object: write {\"dispatch\": …, \"what\": …}"));
            continue;
        };
        if object.len() > MOST_NAMES {
            wrong.push(Wrong::new(row, "", format!("these are {} names, at most {MOST_NAMES} fit", object.len())));
            continue;
        }
        let mut cells = BTreeMap::new();
        for (name, value) in object {
            let name = name_of(&name, manner);
            if let Some(strange) = strange(&name, manner) {
                wrong.push(Wrong { row, ..strange });
                continue;
            }
            match cell(&value) {
                Some(text) if text.trim().is_empty() => {}
                Some(text) => _ = cells.insert(name, text.trim().to_owned()),
                // What says nothing new may be of any shape.
                None if !super::said::SPEAKS.contains(&&*name) => {}
                None => wrong.push(Wrong::new(row, name, "write a text, a number or a list of texts")),
            }
        }
        lines.push(Line { row, cells });
    }
    (lines, wrong)
}

fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Array(several) => {
            let texts: Option<Vec<&str>> = several.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join("\n"))
        }
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts, each with its row.
    type Rows = Vec<(usize, String)>;

    fn rows(format: Format, bytes: &[u8]) -> (Rows, Rows) {
        let labels = BTreeMap::from([("Dossier".to_owned(), "reference".to_owned())]);
        let manner =
            Manner { delimiter: b',', names: &["dispatch", "reference", "what", "text", "evidence"], labels: &labels };
        let (lines, wrong) = read(format, bytes, manner);
        let line = |line: Line| {
            let cells: Vec<String> = line.cells.iter().map(|(name, cell)| format!("{name}={cell}")).collect();
            (line.row, cells.join(" "))
        };
        let wrong = wrong.into_iter().map(|wrong| (wrong.row, format!("{}: {}", wrong.field, wrong.message)));
        (lines.into_iter().map(line).collect(), wrong.collect())
    }

    #[test]
    fn every_spreadsheet_is_understood() {
        let wanted = vec![(2, "reference=12345671 text=\"a\", 'b' é what=note".to_owned())];
        for bytes in [
            b"\xef\xbb\xbfDossier;What;text\r\n12345671;note;\"\"\"a\"\", 'b' \xc3\xa9\"\r\n".as_slice(),
            b"reference,WHAT , text\n12345671,note,\"\"\"a\"\", 'b' \xc3\xa9\"\n\n,,\n",
            b"reference\twhat\ttext\n 12345671 \tnote\t\"\"\"a\"\", 'b' \xe9\"\n",
        ] {
            assert_eq!(rows(Format::Csv, bytes), (wanted.clone(), Vec::new()), "{}", String::from_utf8_lossy(bytes));
        }
        let (lines, wrong) =
            rows(Format::Json, br#"{"rows": [{"dispatch": "x", "evidence": ["a", "b"], "what": null}]}"#);
        assert_eq!((lines, wrong), (vec![(1, "dispatch=x evidence=a\nb".to_owned())], Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_named_and_the_rest_is_read() {
        let (lines, wrong) = rows(Format::Csv, b"dispatch,txt\na,b\nc,d,e\nf\n");
        assert_eq!(lines.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 4]);
        assert!(
            wrong[0].1.contains("did you mean `text`") && wrong[1].0 == 3 && wrong[1].1.contains("quotes"),
            "{wrong:?}"
        );
        let (lines, wrong) = rows(Format::Json, br#"[{"dispatch": "x", "what": {"a": 1}}, 5, {"txt": "y"}]"#);
        assert_eq!(
            (lines.len(), wrong.iter().map(|(row, _)| *row).collect::<Vec<_>>()),
            (2, vec![1, 2, 3]),
            "{wrong:?}"
        );
        for (format, bytes, part) in [
            (Format::Csv, &b""[..], "empty"),
            (Format::Json, b"{\"rows\": 5}", "list of objects"),
            (Format::Json, b"[1", "not JSON"),
        ] {
            let (lines, wrong) = rows(format, bytes);
            assert!(lines.is_empty() && wrong[0].1.contains(part), "{wrong:?}");
        }
        let many = "dispatch\n".to_owned() + &"x\n".repeat(MOST_ROWS + 1);
        assert!(rows(Format::Csv, many.as_bytes()).1[0].1.contains("split the file"));
    }

    #[test]
    fn a_file_is_never_larger_in_here_than_it_was_outside() {
        let wide = format!("dispatch{}\nx\n", ",y".repeat(100_000));
        let wrong_rows = format!("dispatch\n{}", "x,y\n".repeat(100_000));
        let objects = format!("[{}{{}}]", "{},".repeat(100_000));
        let numbers = format!("{{\"rows\": [{}0]}}", "0,".repeat(100_000));
        let names: String = (0..100_000).map(|n| format!("\"y{n}\":0,")).collect();
        let one = format!("[{{{names}\"dispatch\":\"x\"}}]");
        let nested = format!("[{{\"dispatch\": [{}0]}}]", "0,".repeat(100_000));
        let long = format!("dispatch,{}\nx,y\n", "y".repeat(100_000));
        let empty = format!("dispatch,what\nx,y\n{}", ",\n".repeat(MOST_ROWS + 1));
        assert_eq!(rows(Format::Csv, empty.as_bytes()).0.len(), 1);
        for (format, text) in [
            (Format::Csv, long),
            (Format::Csv, wide),
            (Format::Csv, wrong_rows),
            (Format::Json, objects),
            (Format::Json, numbers),
            (Format::Json, one),
            (Format::Json, nested),
        ] {
            let (lines, wrong) = rows(format, text.as_bytes());
            assert!(lines.len() <= MOST_ROWS && (1..=10).contains(&wrong.len()), "{} {}", lines.len(), wrong.len());
            assert!(wrong.iter().all(|(_, message)| message.len() < 1_000));
        }
    }

    #[test]
    fn half_a_file_is_seen() {
        for (format, bytes, whole) in [
            (Format::Csv, "a,b\n1,2\n", true),
            (Format::Csv, "a,b\n1,", false),
            (Format::Csv, "", false),
            (Format::Json, "\u{feff}[{\"a\": 1}]", true),
            (Format::Json, "[{\"a\": 1}", false),
        ] {
            assert_eq!(is_whole(format, bytes.as_bytes()), whole, "{bytes}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            rows(Format::Csv, &bytes);
            rows(Format::Json, &bytes);
            is_whole(Format::Json, &bytes);
        }
    }
}
