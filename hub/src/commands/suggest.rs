//! `voordeur suggest`: ask for the category of some words, and judge how often that is right.

use super::{check, open};
use crate::{
    city::{self, Town},
    config::Config,
    failure::{Advise as _, Failure},
    output::{Paint, count, say},
};
use clap::Subcommand;
use comfy_table::{CellAlignment, Table, presets};
use router::{Judged, Likely, Teacher, judge};
use schemas::{city::in_language, report::Language};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};
use store::Lesson;

/// Of every five cases the newest one is kept apart to be judged by.
const HELD_OUT: usize = 5;
/// Fewer cases than this say nothing about how good it is.
const FEW: usize = 50;

/// What to do with the suggestion.
#[derive(Debug, Clone, Subcommand)]
pub enum SuggestCommand {
    /// Which categories these words are likely about, and why
    #[command(after_help = "Example: voordeur suggest words \"de lamp voor mijn deur flikkert\"")]
    Words {
        /// What a resident says
        #[arg(required = true)]
        words: Vec<String>,
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
        /// Do not learn from the cases in the database: names and hints alone
        #[arg(long)]
        without_cases: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// How often the right category is suggested: for the sentences of the city folder, and for the
    /// newest of the city's own cases after learning from the others
    #[command(after_help = "Examples:
  voordeur suggest evaluate
  voordeur suggest evaluate --without-cases --json")]
    Evaluate {
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
        /// Do not read the cases in the database: sentences alone
        #[arg(long)]
        without_cases: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Does what the command says.
pub async fn run(command: SuggestCommand, config: &Config) -> anyhow::Result<()> {
    let (folder, without_cases) = match &command {
        SuggestCommand::Words { city, without_cases, .. } | SuggestCommand::Evaluate { city, without_cases, .. } => {
            (city.clone(), *without_cases)
        }
    };
    let town = city::read(check::folder(folder, config).as_deref())?.good()?;
    if !town.city.suggest {
        let help = "remove `suggest: false` from city.yaml";
        return Err(Failure::new("this city wants no suggestion", help).into());
    }
    let lessons = if without_cases { Vec::new() } else { lessons(config).await? };
    match command {
        SuggestCommand::Words { words, json, .. } => suggest(&town, &lessons, &words.join(" "), json),
        SuggestCommand::Evaluate { json, .. } => evaluate(&town, &lessons, json),
    }
    Ok(())
}

async fn lessons(config: &Config) -> anyhow::Result<Vec<Lesson>> {
    let store = open::open_beside(config).await.map_err(|error| {
        error.context(Failure::new(
            "the city's own cases cannot be read",
            "--without-cases does without them: names and hints alone",
        ))
    })?;
    let lessons = router::lessons(&store).await.advise("the cases cannot be read", "try again");
    store.close().await;
    lessons
}

fn learnt<'l>(town: &Town, lessons: impl IntoIterator<Item = &'l Lesson>) -> Likely {
    let mut teacher = Teacher::new(&town.city);
    lessons.into_iter().for_each(|lesson| teacher.teach(lesson));
    teacher.finish()
}

fn suggest(town: &Town, lessons: &[Lesson], words: &str, json: bool) {
    let likely = learnt(town, lessons);
    let found = likely.suggest(words, 3);
    if json {
        let found: Vec<_> = found
            .iter()
            .map(|one| json!({ "category": one.category, "share": one.share, "words": one.words }))
            .collect();
        say!("{}", json!({ "cases": likely.cases(), "suggestions": found }));
        return;
    }
    if found.is_empty() {
        say!("nothing: these words say too little");
        return;
    }
    let paint = Paint::stdout();
    for one in found {
        let name = town.city.category(&one.category).map_or("", |category| in_language(&category.names, Language::EN));
        let percent = format!("{:.0} %", one.share * 100.0);
        say!("{percent:>5}  {}  {name}", paint.bold(&one.category));
        say!("       because of {}", one.words.join(", "));
    }
}

/// What the newest cases say after learning from all that are older.
fn held_out(town: &Town, lessons: &[Lesson]) -> BTreeMap<Language, Judged> {
    // The newest come first.
    let (newest, older) = lessons.split_at(lessons.len() / HELD_OUT);
    let texts = newest.iter().map(|lesson| (&lesson.category, lesson.language, lesson.words.as_str()));
    judge(&learnt(town, older), texts)
}

fn evaluate(town: &Town, lessons: &[Lesson], json: bool) {
    let likely = learnt(town, lessons);
    let texts = town.city.sentences.iter().map(|s| (&s.category, s.language, s.text.as_str()));
    let sentences = judge(&likely, texts);
    let cases = if lessons.len() < FEW { BTreeMap::new() } else { held_out(town, lessons) };
    if json {
        say!(
            "{}",
            json!({
                "cases_learnt": likely.cases(),
                "words_known": likely.vocabulary(),
                "sentences": sentences,
                "held_out_cases": cases,
            })
        );
        return;
    }
    say!("Learnt from the names and hints of {} categories", town.city.categories.len());
    say!("and from {}: it knows {}\n", count(likely.cases() as u64, "case"), count(likely.vocabulary() as u64, "word"));
    match sentences.is_empty() {
        true => say!("No sentences: add sentences.yaml to the city folder, see docs/install/suggest.md"),
        false => show("Sentences of the city folder", &sentences),
    }
    match cases.is_empty() {
        true => say!("\nFewer than {FEW} solved cases: too few of the city's own to judge by"),
        false => show("\nThe newest fifth of the city's own cases, after learning from the others", &cases),
    }
}

fn show(title: &str, judged: &BTreeMap<Language, Judged>) {
    say!("{}", Paint::stdout().bold(title));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["", "asked", "first", "among three", "nothing said"]);
    let mut all = Judged::default();
    let mut row = |name: &str, judged: &Judged| {
        let percent = |part: usize| format!("{:.1} %", 100.0 * part as f64 / judged.asked.max(1) as f64);
        let cells = [judged.asked.to_string(), percent(judged.first), percent(judged.third), percent(judged.silent)];
        table.add_row(std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>());
    };
    for (language, judged) in judged {
        row(language.as_str(), judged);
        all.asked += judged.asked;
        all.first += judged.first;
        all.third += judged.third;
        all.silent += judged.silent;
    }
    row("all", &all);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::{Uuid, slug::CategoryId};

    #[test]
    fn the_newest_cases_are_judged_by_what_the_older_taught() {
        let town = city::read(None).unwrap().good().unwrap();
        let lesson = |words: &str, category: &str| Lesson {
            case_id: Uuid::nil(),
            category: CategoryId::new(category).unwrap(),
            language: Language::NL,
            words: words.to_owned(),
            address: None,
        };
        // Newest first: what only the newest say was not learnt.
        let mut lessons = vec![lesson("zonderling xylofoon", "groen/boom"); 10];
        lessons.extend(vec![lesson("frituur oud vet", "wonen/milieu"); 40]);
        let judged = held_out(&town, &lessons)[&Language::NL];
        assert_eq!((judged.asked, judged.first), (10, 0));
        lessons.reverse();
        let judged = held_out(&town, &lessons)[&Language::NL];
        assert_eq!((judged.asked, judged.first), (10, 10));
    }
}
