//! Rows and cells of a table: RFC 4180, with `;`, `,` or tabs between the cells, whichever the header
//! has. Every letter knows its place, which no library tells.

use super::Wrong;
use crate::yaml::Pos;

/// A table is never longer than this, in letters.
const LONGEST: usize = 4 << 20;

/// A row that is not empty.
#[derive(Debug)]
pub(super) struct Row {
    pub at: Pos,
    pub cells: Vec<Cell>,
}

/// What stands between two separators, without the quotes around it.
#[derive(Debug)]
pub(super) struct Cell {
    /// Where it begins.
    pub at: Pos,
    letters: Vec<(char, Pos)>,
}

impl Cell {
    /// Its letters, without spaces at the ends.
    pub fn letters(&self) -> &[(char, Pos)] {
        trimmed(&self.letters)
    }

    pub fn text(&self) -> String {
        self.letters().iter().map(|(c, _)| c).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.letters().is_empty()
    }

    /// Whether it asks nothing: it is empty, or `-` as in other decision tables.
    pub fn is_any(&self) -> bool {
        self.is_empty() || self.text() == "-"
    }

    /// The items of a list: `,`, `|` or a line end between them.
    pub fn items(&self) -> Vec<&[(char, Pos)]> {
        let items = self.letters().split(|(c, _)| matches!(c, ',' | '|' | '\n')).map(trimmed);
        items.filter(|item| !item.is_empty()).collect()
    }
}

fn trimmed(letters: &[(char, Pos)]) -> &[(char, Pos)] {
    let is_space = |(c, _): &(char, Pos)| c.is_whitespace();
    let from = letters.iter().position(|letter| !is_space(letter)).unwrap_or(letters.len());
    let until = letters.iter().rposition(|letter| !is_space(letter)).map_or(from, |last| last + 1);
    &letters[from..until]
}

/// What separates the cells of a table: what its header has most. Remarks may stand before it.
fn separator(text: &str) -> char {
    let is_remark = |line: &&str| line.trim().is_empty() || (line.starts_with('#') && !line.contains("rule"));
    let before: usize = text.split_inclusive('\n').take_while(is_remark).map(str::len).sum();
    let (mut counts, mut quoted) = ([(';', 0), (',', 0), ('\t', 0)], false);
    for c in text.get(before..).unwrap_or_default().chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' if !quoted => break,
            _ => counts.iter_mut().filter(|(sign, _)| !quoted && *sign == c).for_each(|(_, count)| *count += 1),
        }
    }
    // Of two that are as frequent, the first.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(';', |(sign, _)| *sign)
}

/// The rows that are not empty and no comment (their first cell begins with `#`).
pub(super) fn read(text: &str) -> Result<Vec<Row>, Wrong> {
    if text.len() > LONGEST {
        let help = "split it into several tables: they are read in the order of their names";
        return Err(((0, 0), "this table is longer than 4 MiB".to_owned(), help.to_owned()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut line, mut rest) = (1, text);
    // What some spreadsheets write, and read, before the header.
    let told = text.strip_prefix("sep=").and_then(|told| told.chars().next());
    if told.is_some() {
        (line, rest) = (2, text.split_once('\n').map_or("", |(_, rest)| rest));
    }
    let separator = told.unwrap_or_else(|| separator(rest));
    let mut rows = Vec::new();
    let mut reading = Reading { row: Vec::new(), letters: Vec::new(), begun: (line, 1), opened: None, closed: false };
    let (mut column, mut letters) = (1, rest.chars().peekable());
    while let Some(c) = letters.next() {
        let at = (line, column);
        if c == '\u{fffd}' {
            return Err((
                at,
                "this table is not written in UTF-8".to_owned(),
                "save it as `CSV UTF-8`: otherwise letters with accents are lost".to_owned(),
            ));
        }
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        match c {
            '"' if reading.opened.is_some() && letters.next_if_eq(&'"').is_some() => {
                column += 1;
                reading.letters.push(('"', at));
            }
            '"' if reading.opened.is_some() => (reading.opened, reading.closed) = (None, true),
            '"' if trimmed(&reading.letters).is_empty() && !reading.closed => {
                reading.letters.clear();
                reading.opened = Some(at);
            }
            '\r' if letters.peek() == Some(&'\n') => {}
            c if reading.opened.is_some() => reading.letters.push((c, at)),
            c if c == separator => reading.cell((line, column)),
            '\n' => {
                reading.cell((line, column));
                rows.extend(reading.row());
            }
            c if reading.closed && !c.is_whitespace() => {
                return Err((
                    at,
                    "something stands between the closing quote and the next cell".to_owned(),
                    "write a quote within quotes twice: `\"\"`".to_owned(),
                ));
            }
            c => reading.letters.push((c, at)),
        }
    }
    if let Some(at) = reading.opened {
        return Err((at, "this cell is not closed".to_owned(), "put a `\"` at its end".to_owned()));
    }
    reading.cell((line, column));
    rows.extend(reading.row());
    Ok(rows)
}

/// A row in the making.
struct Reading {
    row: Vec<Cell>,
    letters: Vec<(char, Pos)>,
    /// Where the cell at hand begins.
    begun: Pos,
    /// Where its quote was opened, while it is.
    opened: Option<Pos>,
    closed: bool,
}

impl Reading {
    /// Ends the cell at hand; the next one begins at `next`.
    fn cell(&mut self, next: Pos) {
        let letters = std::mem::take(&mut self.letters);
        let at = trimmed(&letters).first().map_or(self.begun, |(_, at)| *at);
        self.row.push(Cell { at, letters });
        (self.begun, self.closed) = (next, false);
    }

    fn row(&mut self) -> Option<Row> {
        let cells = std::mem::take(&mut self.row);
        let first = cells.first()?;
        // The header may begin with a column for people.
        let is_header = cells.iter().any(|cell| cell.text().eq_ignore_ascii_case("rule"));
        let is_comment = !is_header && first.letters().first().is_some_and(|(c, _)| *c == '#');
        let row = Row { at: (first.at.0, 0), cells };
        (!is_comment && row.cells.iter().any(|cell| !cell.is_empty())).then_some(row)
    }
}
