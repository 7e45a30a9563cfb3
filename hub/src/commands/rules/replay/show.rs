//! What a replay found, for people and for machines.

use crate::output::{Paint, count, say};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use router::replay::{AnswerChange, Group, Left, Tally, TermChange};
use schemas::reference::Reference;
use serde_json::{Value, json};
use std::cmp::Reverse;
use store::Stretch;

pub(super) struct Shown<'a> {
    /// The version of the candidate.
    pub candidate: &'a str,
    pub stretch: Stretch,
    pub tally: &'a Tally,
    /// How many versions that decided can be asked again.
    pub kept: usize,
}

impl Shown<'_> {
    /// Everything, as one object.
    pub fn json(&self) -> Value {
        let Self { candidate, stretch, tally, .. } = self;
        let group = |key: Value, group: &Group| {
            let mut object = key;
            object["cases"] = group.cases.into();
            object["samples"] = json!(group.samples);
            object
        };
        let moves: Vec<_> =
            tally.moves().into_iter().map(|(from, to, cases)| group(json!({"from": from, "to": to}), cases)).collect();
        let priorities: Vec<_> =
            tally.priorities.iter().map(|((from, to), cases)| group(json!({"from": from, "to": to}), cases)).collect();
        let terms: Vec<_> = tally.terms.iter().map(|(change, cases)| group(json!({"change": change}), cases)).collect();
        let answers: Vec<_> =
            tally.answers.iter().map(|(change, cases)| group(json!({"change": change}), cases)).collect();
        let left: Vec<_> = tally.left.iter().map(|(why, cases)| group(json!({"why": why}), cases)).collect();
        let departments: Vec<_> = self
            .departments()
            .into_iter()
            .map(|(department, had, would)| json!({"department": department, "had": had, "would_have": would}))
            .collect();
        json!({
            "candidate": candidate,
            "since": stretch.since,
            "until": stretch.until,
            "cases": tally.cases,
            "same": tally.same,
            "moved": tally.moved(),
            "moves": moves,
            "departments": departments,
            "priorities": priorities,
            "terms": terms,
            "answers": answers,
            "informed": tally.informed,
            "no_rule_matches": tally.nobody,
            "city_changed": tally.elsewhere,
            "left_out": left,
        })
    }

    /// Each department with how many cases it had and would have, the largest change first.
    fn departments(&self) -> Vec<(&str, u64, u64)> {
        let leads = self.tally.leads.iter();
        let mut departments: Vec<_> = leads.map(|(id, (had, would))| (id.as_str(), *had, *would)).collect();
        departments.sort_unstable_by_key(|(id, had, would)| (Reverse(had.abs_diff(*would)), *id));
        departments
    }

    /// What a person wants to read, what moves first.
    pub fn people(&self, place: &str) {
        let (paint, tally) = (Paint::stdout(), self.tally);
        let Stretch { since, until } = self.stretch;
        say!(
            "{} (version {}) against what was decided of the reports from {since:.0} to {until:.0}",
            paint.bold(place),
            self.candidate
        );
        if tally.cases == 0 {
            say!("there are no reports in this time: choose an earlier --since");
            return;
        }
        let again = tally.cases - tally.left();
        say!(
            "{} decided again: {} as before, {} to another department, {} otherwise",
            count(again, "case"),
            tally.same,
            tally.moved(),
            again - tally.same - tally.moved()
        );
        if tally.same == again {
            say!("{}", paint.green("nothing would be different"));
        }
        self.matrix(paint);
        self.others(paint);
        self.left(paint);
    }

    /// From where to where, and what that makes of each department.
    fn matrix(&self, paint: Paint) {
        let moves = self.tally.moves();
        if moves.is_empty() {
            return;
        }
        say!("\n{}", paint.bold("From where to where"));
        let mut table = table(&["from", "to", "cases", "for instance"], &[2]);
        for (from, to, group) in moves {
            table.add_row([from.to_string(), to.to_string(), group.cases.to_string(), samples(&group.samples)]);
        }
        say!("{table}");
        say!("\n{}", paint.bold("What that makes of each department"));
        let mut table = self::table(&["department", "had", "would have", ""], &[1, 2, 3]);
        for (id, had, would) in self.departments().into_iter().filter(|(_, had, would)| had != would) {
            let change = i128::from(would) - i128::from(had);
            table.add_row([id.to_owned(), had.to_string(), would.to_string(), format!("{change:+}")]);
        }
        say!("{table}");
    }

    /// What changes besides who leads.
    fn others(&self, paint: Paint) {
        let tally = self.tally;
        let mut lines: Vec<(String, &Group)> = Vec::new();
        for ((from, to), group) in &tally.priorities {
            lines.push((format!("priority {} instead of {}", to.as_str(), from.as_str()), group));
        }
        for (change, group) in &tally.terms {
            let words = match change {
                TermChange::Earlier => "due earlier",
                TermChange::Later => "due later",
                TermChange::Gained => "due on a day, and had none",
                TermChange::Lost => "due on no day any more",
            };
            lines.push((words.to_owned(), group));
        }
        for (change, group) in &tally.answers {
            let words = match change {
                AnswerChange::Answered => "answered at once by an article",
                AnswerChange::NotAnswered => "not answered by an article any more",
                AnswerChange::OtherArticle => "answered by another article",
            };
            lines.push((words.to_owned(), group));
        }
        lines.push(("other departments hear of it".to_owned(), &tally.informed));
        lines.push((paint.red("no rule matches: the fallback desk, with an alarm"), &tally.nobody));
        lines.retain(|(_, group)| group.cases > 0);
        self.lines(&paint.bold("What else would be different"), &lines);
    }

    /// What this cannot say.
    fn left(&self, paint: Paint) {
        let tally = self.tally;
        let mut lines: Vec<(String, &Group)> = Vec::new();
        for (why, group) in &tally.left {
            let words = match why {
                Left::Undecided => "nobody decided them yet",
                Left::Trial => "cases for testing one department, which no rule decided",
                Left::CategoryGone => "their category is not in the candidate's city",
                Left::LoadNotKept => "the candidate asks how busy a department was, and nobody kept that",
                Left::ContactErased => "the candidate asks who reported, and the contact is erased",
                Left::Unreadable => "their rows cannot be read",
            };
            lines.push((words.to_owned(), group));
        }
        self.lines(&paint.yellow("Left out, because it cannot be said"), &lines);
        if tally.elsewhere.cases > 0 {
            let words =
                "would differ by the rules that decided too: the city changed since (areas, owners, categories)";
            self.lines(&paint.yellow("Not counted above"), &[(words.to_owned(), &tally.elsewhere)]);
        }
        if self.kept == 0 && tally.same + tally.left() < tally.cases {
            let text = "No version that decided is kept: what changed in the city since (areas, owners) is counted as if the candidate did it.";
            say!("\n{}", paint.yellow(text));
        }
    }

    fn lines(&self, title: &str, lines: &[(String, &Group)]) {
        if lines.is_empty() {
            return;
        }
        say!("\n{title}");
        let mut table = table(&["cases", "", "for instance"], &[0]);
        for (words, group) in lines {
            table.add_row([group.cases.to_string(), words.clone(), samples(&group.samples)]);
        }
        say!("{table}");
    }
}

fn samples(references: &[Reference]) -> String {
    references.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn table(header: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header.to_vec());
    for index in right {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
