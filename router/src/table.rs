//! Decision tables: `rules/*.csv`, for people who live in spreadsheets. The header names conditions
//! and actions, each row is a rule, an empty cell asks nothing. A table is rewritten as the YAML that
//! says the same, so that both are read, checked and decided by one piece of code; [`Table`] knows in
//! which cell each letter of that YAML stands.
//!
//! - [`cells`]: rows and cells, with their places.
//! - [`columns`]: what the header means.

mod cells;
mod columns;

#[cfg(test)]
pub(crate) use columns::THEN as ACTIONS;

use crate::yaml::Pos;
use cells::{Cell, Row};
use columns::{Column, Question};
use schemas::city::{AnswerType, City};

/// What is wrong with a table: where, what, and what to write instead.
pub(crate) type Wrong = (Pos, String, String);

/// A table as YAML.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The rules as a YAML file writes them.
    pub yaml: String,
    lines: Vec<Line>,
}

/// Where a line of the YAML comes from.
#[derive(Debug)]
struct Line {
    row: Pos,
    /// Columns of the YAML from which on the text stands at a place of the table.
    letters: Vec<(usize, Pos)>,
}

/// Reads a table of `city`.
pub(crate) fn read(text: &str, city: &City) -> Result<Table, Vec<Wrong>> {
    let mut rows = cells::read(text).map_err(|wrong| vec![wrong])?.into_iter();
    let Some(header) = rows.next() else { return Ok(Table::default()) };
    let (columns, mut wrongs) = columns::read(&header, city);
    let mut table = Table::default();
    for row in rows {
        match table.row(&columns, &row) {
            Ok(()) => {}
            Err(wrong) => wrongs.push(wrong),
        }
    }
    if wrongs.is_empty() { Ok(table) } else { Err(wrongs) }
}

/// Words that spreadsheets and people write for yes and no, in the languages of the city.
fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "ja" | "oui" | "waar" | "vrai" => Some(true),
        "false" | "no" | "nee" | "non" | "onwaar" | "faux" => Some(false),
        _ => None,
    }
}

impl Table {
    /// Where in the table `at` of the YAML is.
    pub fn place(&self, (line, column): Pos) -> Pos {
        let Some(line) = line.checked_sub(1).and_then(|line| self.lines.get(line)) else { return (0, 0) };
        let before = line.letters.partition_point(|(from, _)| *from <= column);
        let letter = line.letters.get(before.saturating_sub(1));
        letter.map_or(line.row, |(_, place)| *place)
    }

    fn row(&mut self, columns: &[Column], row: &Row) -> Result<(), Wrong> {
        if let Some(cell) = row.cells.get(columns.len()..).and_then(|more| more.iter().find(|cell| !cell.is_empty())) {
            return Err((
                cell.at,
                format!("this row has {} cells, the header has {}", row.cells.len(), columns.len()),
                "put the cell in quotes if a separator belongs to it, or name the column".to_owned(),
            ));
        }
        let filled: Vec<(&Column, &Cell)> = columns.iter().zip(&row.cells).filter(|(_, cell)| !cell.is_any()).collect();
        let Some((_, name)) = filled.iter().find(|(column, _)| matches!(column, Column::Name)) else {
            return Err((
                row.at,
                "this row has no name".to_owned(),
                "write one in the column `rule`, like `lamps-in-heule`: decisions are remembered by it".to_owned(),
            ));
        };
        self.line(row, "- rule: ", |line| line.scalar(name));
        self.line(row, "  when:", |line| {
            if !filled.iter().any(|(column, _)| matches!(column, Column::When(_) | Column::Not(_))) {
                line.raw(" {}");
            }
        });
        let asked = filled.iter().filter_map(|(column, cell)| match column {
            Column::When(question) => Some((question, *cell)),
            _ => None,
        });
        self.conditions(row, asked.collect(), "    ", "    all:");
        let denied: Vec<_> = filled
            .iter()
            .filter_map(|(column, cell)| match column {
                Column::Not(question) => Some((question, *cell)),
                _ => None,
            })
            .collect();
        if let [(question, cell)] = denied.as_slice() {
            self.line(row, "    not:", |_| {});
            self.line(row, "      ", |line| line.condition(question, cell));
        } else if !denied.is_empty() {
            self.line(row, "    not:", |_| {});
            self.line(row, "      any:", |_| {});
            for (question, cell) in denied {
                self.line(row, "        - ", |line| line.condition(question, cell));
            }
        }
        self.line(row, "  then:", |_| {});
        for (column, cell) in &filled {
            if let Column::Then(name) = column {
                self.line(row, &format!("    {name}: "), |line| line.value(cell, columns::is_list(name)));
            }
        }
        self.example(row, &filled);
        Ok(())
    }

    /// Conditions that all have to hold. What cannot stand twice beside each other stands in `all`.
    fn conditions(&mut self, row: &Row, asked: Vec<(&Question, &Cell)>, indent: &str, all: &str) {
        let answers: Vec<_> = asked.iter().filter(|(question, _)| matches!(question, Question::Answer(..))).collect();
        let loads = asked.iter().filter(|(question, _)| matches!(question, Question::Load(_))).count();
        if !answers.is_empty() {
            self.line(row, &format!("{indent}answer:"), |_| {});
            for (question, cell) in answers {
                self.line(row, &format!("{indent}  "), |line| line.answer(question, cell));
            }
        }
        for (question, cell) in &asked {
            match question {
                Question::Plain(_) => self.line(row, indent, |line| line.condition(question, cell)),
                Question::Load(_) if loads == 1 => self.line(row, indent, |line| line.condition(question, cell)),
                Question::Load(_) | Question::Answer(..) => {}
            }
        }
        if loads > 1 {
            self.line(row, all, |_| {});
            for (question, cell) in asked.iter().filter(|(question, _)| matches!(question, Question::Load(_))) {
                self.line(row, &format!("{indent}  - "), |line| line.condition(question, cell));
            }
        }
    }

    /// What the row gives as an example, if it gives anything. What is expected is what the row says,
    /// unless it says otherwise.
    fn example(&mut self, row: &Row, filled: &[(&Column, &Cell)]) {
        let given: Vec<_> =
            filled.iter().filter(|(column, _)| matches!(column, Column::Given(_) | Column::GivenIn(..))).collect();
        let expected: Vec<_> = filled.iter().filter(|(column, _)| matches!(column, Column::Expect(_))).collect();
        if given.is_empty() && expected.is_empty() {
            return;
        }
        self.line(row, "  examples:", |_| {});
        self.line(row, "    - given:", |_| {});
        if !given.iter().any(|(column, _)| matches!(column, Column::Given("category"))) {
            let own = filled.iter().find(|(column, _)| matches!(column, Column::When(Question::Plain("category"))));
            if let Some((_, cell)) = own {
                self.line(row, "        category: ", |line| line.scalar(cell));
            }
        }
        for (column, cell) in &given {
            if let Column::Given(name) = column {
                self.line(row, &format!("        {name}: "), |line| line.given(name, cell));
            }
        }
        for group in ["answers", "load"] {
            let mut is_first = true;
            for (column, cell) in &given {
                let Column::GivenIn(of, id, kind) = column else { continue };
                if *of != group {
                    continue;
                }
                if std::mem::take(&mut is_first) {
                    self.line(row, &format!("        {group}:"), |_| {});
                }
                self.line(row, &format!("          {}: ", quoted(id)), |line| line.given_in(*kind, cell));
            }
        }
        self.line(row, "      expect:", |_| {});
        let leads = |name: &str| matches!(name, "assign" | "redirect" | "rule");
        if !expected.iter().any(|(column, _)| matches!(column, Column::Expect(name) if leads(name))) {
            for (column, cell) in filled {
                if let Column::Then(name @ ("assign" | "redirect")) = column {
                    self.line(row, &format!("        {name}: "), |line| line.scalar(cell));
                }
            }
        }
        for (column, cell) in expected {
            if let Column::Expect(name) = column {
                self.line(row, &format!("        {name}: "), |line| line.expected(name, cell));
            }
        }
    }

    fn line(&mut self, row: &Row, begin: &str, write: impl FnOnce(&mut Writing<'_>)) {
        let start = self.yaml.len();
        self.yaml.push_str(begin);
        let mut writing = Writing { yaml: &mut self.yaml, start, letters: Vec::new() };
        write(&mut writing);
        let letters = writing.letters;
        self.yaml.push('\n');
        self.lines.push(Line { row: row.at, letters });
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// One line of YAML in the making.
struct Writing<'t> {
    yaml: &'t mut String,
    start: usize,
    letters: Vec<(usize, Pos)>,
}

impl Writing<'_> {
    fn raw(&mut self, text: &str) {
        self.yaml.push_str(text);
    }

    /// The next letter stands there in the table.
    fn at(&mut self, place: Pos) {
        let column = self.yaml.get(self.start..).map_or(0, |line| line.chars().count()) + 1;
        self.letters.push((column, place));
    }

    fn letters(&mut self, letters: &[(char, Pos)]) {
        if let Some((_, first)) = letters.first() {
            self.at(*first);
        }
        self.raw("\"");
        for (c, place) in letters {
            self.at(*place);
            let text = quoted(c.encode_utf8(&mut [0; 4]));
            self.raw(text.trim_start_matches('"').strip_suffix('"').filter(|_| *c != '"').unwrap_or("\\\""));
        }
        self.raw("\"");
    }

    fn scalar(&mut self, cell: &Cell) {
        self.letters(cell.letters());
    }

    /// A list, or its one item: conditions take both.
    fn one_or_more(&mut self, cell: &Cell) {
        match cell.items().as_slice() {
            [one] => self.letters(one),
            _ => self.list(cell),
        }
    }

    fn list(&mut self, cell: &Cell) {
        self.raw("[");
        for (n, item) in cell.items().into_iter().enumerate() {
            self.raw(if n > 0 { ", " } else { "" });
            self.letters(item);
        }
        self.raw("]");
    }

    fn value(&mut self, cell: &Cell, is_list: bool) {
        if is_list { self.list(cell) } else { self.scalar(cell) }
    }

    /// Yes or no where the cell says so, else a list.
    fn list_or_yes(&mut self, cell: &Cell) {
        match yes_or_no(&cell.text()) {
            Some(yes) => {
                self.at(cell.at);
                self.raw(if yes { "true" } else { "false" });
            }
            None => self.one_or_more(cell),
        }
    }

    fn condition(&mut self, question: &Question, cell: &Cell) {
        match question {
            Question::Plain(name @ "expression") => {
                self.raw(&format!("{name}: "));
                self.scalar(cell);
            }
            Question::Plain(name @ "words") => {
                self.raw(&format!("{name}: "));
                self.one_or_more(cell);
            }
            Question::Plain(name) => {
                self.raw(&format!("{name}: "));
                self.list_or_yes(cell);
            }
            Question::Load(department) => {
                self.raw("load: {department: ");
                self.letters(department);
                self.raw(", open: ");
                self.scalar(cell);
                self.raw("}");
            }
            Question::Answer(..) => {
                self.raw("answer: {");
                self.answer(question, cell);
                self.raw("}");
            }
        }
    }

    fn answer(&mut self, question: &Question, cell: &Cell) {
        let Question::Answer(id, kind) = question else { return };
        self.letters(id);
        self.raw(": ");
        if *kind == Some(AnswerType::Bool) { self.list_or_yes(cell) } else { self.one_or_more(cell) }
    }

    fn given(&mut self, name: &str, cell: &Cell) {
        let text = cell.text();
        if name == "photos" && !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
            self.at(cell.at);
            return self.raw(&text);
        }
        self.value(cell, columns::is_list(name));
    }

    fn given_in(&mut self, kind: Option<AnswerType>, cell: &Cell) {
        let text = cell.text();
        match (kind, yes_or_no(&text)) {
            (Some(AnswerType::Bool), Some(yes)) => {
                self.at(cell.at);
                self.raw(if yes { "true" } else { "false" });
            }
            (Some(AnswerType::Multi), _) => self.list(cell),
            // How many open cases.
            (None, _) if text.chars().all(|c| c.is_ascii_digit()) => {
                self.at(cell.at);
                self.raw(&text);
            }
            _ => self.scalar(cell),
        }
    }

    fn expected(&mut self, name: &str, cell: &Cell) {
        if columns::is_list(name) && cell.text() == "none" {
            self.at(cell.at);
            return self.raw("[]");
        }
        self.value(cell, columns::is_list(name));
    }
}

#[cfg(test)]
mod tests;
