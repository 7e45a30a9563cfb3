//! `voordeur cases near`, `merge` and `split`.

use super::read;
use crate::{
    city,
    commands::{check, open},
    config::Config,
    failure::Failure,
    output::{Paint, say},
};
use adapters::{
    merge::{self, Refused},
    near,
};
use comfy_table::{Table, presets};
use schemas::{
    city::{City, in_language},
    reference::Reference,
    report::Language,
    trace::Trace,
};
use std::{path::PathBuf, sync::Arc};

/// The most characters of a report's words in the list.
const MOST_WORDS: usize = 48;

fn town(folder: Option<PathBuf>, config: &Config) -> anyhow::Result<Arc<City>> {
    Ok(city::read(check::folder(folder, config).as_deref())?.good()?.city)
}

/// Why nothing was done.
fn refused(refused: Refused) -> anyhow::Error {
    let help = match &refused {
        Refused::NoName => "write your name after --by",
        Refused::Unknown(_) => "see [database] url: is it the city's own?",
        Refused::NotPublic(_) => "deal with each of them by itself",
        Refused::Failed(_) => return anyhow::Error::new(refused),
        _ => "nothing was changed",
    };
    Failure::new(refused.to_string(), help).into()
}

/// Shows what may be the same.
pub async fn near(reference: &str, folder: Option<PathBuf>, config: &Config) -> anyhow::Result<()> {
    let reference = read(reference)?;
    let city = town(folder, config)?;
    let store = open::open_beside(config).await?;
    let found = async {
        match store.report_by_reference(reference).await? {
            Some(report) => near::of_report(&store, &city, &report).await.map(Some),
            None => Ok(None),
        }
    };
    let found = found.await;
    store.close().await;
    let Some(found) = found? else { return Err(refused(Refused::Unknown(reference))) };
    if found.is_empty() {
        say!("Nothing near {reference} is about the same kind of thing.");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["report", "likeness", "metres", "category", "status", "people", "words"]);
    for one in &found {
        let words: String = one.report.words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let short: String = words.chars().take(MOST_WORDS).collect();
        let category = city.category(&one.report.category).map_or("", |known| in_language(&known.names, Language::EN));
        table.add_row([
            one.report.reference.to_string(),
            format!("{:.0} %", one.score.value * 100.0),
            one.score.metres.map_or_else(|| "-".to_owned(), |metres| format!("{metres:.0}")),
            category.to_owned(),
            one.case.status.to_string(),
            one.people.to_string(),
            short,
        ]);
    }
    say!("{table}");
    say!("");
    say!("The same thing? voordeur cases merge DUPLICATE --into MAIN --by NAME");
    Ok(())
}

/// Makes reports duplicates of another.
pub async fn merge(
    duplicates: &[String],
    into: &str,
    by: &str,
    folder: Option<PathBuf>,
    config: &Config,
) -> anyhow::Result<()> {
    let main = read(into)?;
    let duplicates = duplicates.iter().map(|typed| read(typed)).collect::<Result<Vec<_>, _>>()?;
    let city = town(folder, config)?;
    let store = open::open_beside(config).await?;
    let done = merge::merge(&store, &city, &duplicates, main, by, Trace::start()).await;
    store.close().await;
    let done = done.map_err(refused)?;
    let list = |references: &[Reference]| references.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !done.merged.is_empty() {
        say!("{} {} merged with {}", Paint::stdout().green("✓"), list(&done.merged), done.into);
        say!("Who has work of it hears that it need not be done; who reported it hears what becomes of {}.", done.into);
    }
    if !done.already.is_empty() {
        say!("{} merged with {} already: nothing changed", list(&done.already), done.into);
    }
    Ok(())
}

/// Makes a duplicate a report of its own again.
pub async fn split(reference: &str, by: &str, folder: Option<PathBuf>, config: &Config) -> anyhow::Result<()> {
    let reference = read(reference)?;
    let city = town(folder, config)?;
    let store = open::open_beside(config).await?;
    let done = merge::split(&store, &city, reference, by, Trace::start()).await;
    store.close().await;
    let done = done.map_err(refused)?;
    say!("{} {} is no longer merged with {}", Paint::stdout().green("✓"), done.case, done.from);
    match done.open {
        true => say!("The rules decide it anew; `voordeur rules explain {}` says what they say.", done.case),
        false => say!("It was closed before: nobody is asked anything."),
    }
    Ok(())
}
