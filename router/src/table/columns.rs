//! What the header of a table means.

use super::{Wrong, cells::Row};
use crate::{conditions::When, suggest::suggest, yaml::Pos};
use schemas::city::{AnswerType, City};

/// One column.
#[derive(Debug)]
pub(super) enum Column {
    /// The name of the rule.
    Name,
    /// A condition that has to hold.
    When(Question),
    /// A condition that must not hold.
    Not(Question),
    /// What the rule does.
    Then(&'static str),
    /// What an example gives.
    Given(&'static str),
    /// What an example gives, of `answers` or `load`: which, and of what type.
    GivenIn(&'static str, String, Option<AnswerType>),
    /// What an example expects.
    Expect(&'static str),
    /// For people only.
    Remark,
}

/// What a condition asks.
#[derive(Debug)]
pub(super) enum Question {
    /// A condition by its name.
    Plain(&'static str),
    /// The question `answer.id`, its letters with their places.
    Answer(Vec<(char, Pos)>, Option<AnswerType>),
    /// The department of `load.id`.
    Load(Vec<(char, Pos)>),
}

/// What a rule can do, as it writes it.
pub(crate) const THEN: [&str; 8] = ["assign", "redirect", "split", "inform", "on_call", "priority", "term", "answer"];
const GIVEN: [&str; 14] = [
    "category",
    "kind",
    "channel",
    "urgency",
    "language",
    "area",
    "photos",
    "words",
    "at",
    "rejected_by",
    "road_manager",
    "green_manager",
    "watercourse_manager",
    "reporter",
];
const EXPECT: [&str; 9] = ["assign", "redirect", "split", "inform", "on_call", "priority", "term", "rule", "answer"];

/// Whether several can stand in such a cell of actions or examples.
pub(super) fn is_list(name: &str) -> bool {
    matches!(name, "split" | "inform" | "on_call" | "area" | "reporter" | "rejected_by")
}

/// Conditions that a column can ask.
fn conditions() -> impl Iterator<Item = &'static str> {
    When::NAMES.iter().copied().filter(|name| !matches!(*name, "all" | "any" | "not" | "answer" | "load"))
}

fn find(mut known: impl Iterator<Item = &'static str>, name: &str) -> Option<&'static str> {
    known.find(|known| *known == name)
}

/// The columns, as far as they are right, and what is wrong.
pub(super) fn read(header: &Row, city: &City) -> (Vec<Column>, Vec<Wrong>) {
    let (mut columns, mut wrongs, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for cell in &header.cells {
        let title = cell.text();
        let plain = title.to_lowercase().replace(' ', "_");
        match column(cell.letters(), &title, &plain, city) {
            Ok(column) => {
                if !matches!(column, Column::Remark) && seen.contains(&plain) {
                    wrongs.push((
                        cell.at,
                        format!("there are two columns `{title}`"),
                        "put both in one: a cell may hold a list".to_owned(),
                    ));
                }
                seen.push(plain);
                columns.push(column);
            }
            Err(help) => {
                wrongs.push((cell.at, format!("the column `{title}` means nothing here"), help));
                columns.push(Column::Remark);
            }
        }
    }
    let has = |name: &str| seen.iter().any(|title| title == name);
    if !has("rule") {
        let help = "add a column `rule`: decisions are remembered by the name of their rule";
        wrongs.push((header.at, "this table has no column with the names of the rules".to_owned(), help.to_owned()));
    }
    if !has("assign") && !has("redirect") {
        let help = "add a column `assign` with the department that does it";
        wrongs.push((header.at, "this table does not say who does it".to_owned(), help.to_owned()));
    }
    (columns, wrongs)
}

fn column(letters: &[(char, Pos)], title: &str, plain: &str, city: &City) -> Result<Column, String> {
    if plain.is_empty() || plain.starts_with('#') {
        return Ok(Column::Remark);
    }
    if plain == "rule" {
        return Ok(Column::Name);
    }
    if let Some(name) = find(THEN.into_iter(), plain) {
        return Ok(Column::Then(name));
    }
    if let Some(name) = plain.strip_prefix("expect.") {
        return find(EXPECT.into_iter(), name)
            .map(Column::Expect)
            .ok_or_else(|| help(name, EXPECT.into_iter(), "expect."));
    }
    if let Some(name) = plain.strip_prefix("given.") {
        // Ids are what the city calls them, in its own letters.
        if let Some((_, id)) = after(title, "answers.") {
            let Some(question) = city.question(id) else {
                return Err(help(id, city.questions.keys().map(String::as_str), "given.answers."));
            };
            return Ok(Column::GivenIn("answers", id.to_owned(), Some(question.answer)));
        }
        if let Some((_, id)) = after(title, "load.") {
            return match city.department(id) {
                Some(_) => Ok(Column::GivenIn("load", id.to_owned(), None)),
                None => Err(help(id, city.departments.iter().map(|d| d.id.as_str()), "given.load.")),
            };
        }
        return find(GIVEN.into_iter(), name)
            .map(Column::Given)
            .ok_or_else(|| help(name, GIVEN.into_iter().chain(["answers.", "load."]), "given."));
    }
    let (is_denied, plain) = plain.strip_prefix("not_").map_or((false, plain), |rest| (true, rest));
    let question = if let Some(name) = find(conditions(), plain) {
        Question::Plain(name)
    } else if let Some((from, id)) = after(title, "answer.") {
        let Some(question) = city.question(id) else {
            return Err(help(id, city.questions.keys().map(String::as_str), "answer."));
        };
        Question::Answer(letters[from..].to_vec(), Some(question.answer))
    } else if let Some((from, id)) = after(title, "load.") {
        if city.department(id).is_none() {
            return Err(help(id, city.departments.iter().map(|d| d.id.as_str()), "load."));
        }
        Question::Load(letters[from..].to_vec())
    } else {
        let known = conditions().chain(THEN).chain(["rule", "answer.", "load.", "given.", "expect."]);
        return Err(help(plain, known, ""));
    };
    Ok(if is_denied { Column::Not(question) } else { Column::When(question) })
}

/// What follows `word` in `title`, and at which letter it begins.
fn after<'t>(title: &'t str, word: &str) -> Option<(usize, &'t str)> {
    let lower = title.to_ascii_lowercase();
    let from = lower.find(word)? + word.len();
    let rest = title.get(from..)?;
    Some((title.get(..from)?.chars().count(), rest))
}

fn help<'k>(wrong: &str, known: impl Iterator<Item = &'k str>, prefix: &str) -> String {
    let known: Vec<&str> = known.collect();
    match suggest(wrong, known.iter().copied()) {
        Some(meant) => format!("did you mean `{prefix}{meant}`?"),
        None if known.len() > 40 => format!("there are {}, for instance `{prefix}{}`", known.len(), known[0]),
        None => format!("there are: {}; begin a column with `#` that is for people only", known.join(", ")),
    }
}
