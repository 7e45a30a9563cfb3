//! `voordeur cases`: what somebody of the city puts right about one case.

mod merge;

use super::{check, open};
use crate::{
    city,
    config::Config,
    failure::Failure,
    output::{Paint, say},
};
use adapters::recategorise::{Outcome, recategorise};
use clap::Subcommand;
use schemas::{
    city::in_language, fault::did_you_mean, reference::Reference, report::Language, slug::CategoryId, trace::Trace,
};
use std::path::PathBuf;

/// What to do with a case.
#[derive(Debug, Clone, Subcommand)]
pub enum CasesCommand {
    /// Say what a report is really about: the rules decide an open case anew, and the suggestion of
    /// a category learns it
    #[command(after_help = "Example: voordeur cases recategorise 1234-5670 wegen/voetpad --by \"An Peeters\"")]
    Recategorise {
        /// The eight digits the resident was given: 1234-5670
        reference: String,
        /// The category: wegen/voetpad
        category: String,
        /// Who says so: colleagues see it on the timeline
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
    },
    /// Show what may be about the same thing as a report: near it in place and time
    #[command(after_help = "Example: voordeur cases near 1234-5670")]
    Near {
        /// The eight digits the resident was given: 1234-5670
        reference: String,
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
    },
    /// Make reports duplicates of another: the work is done once, and everybody hears what becomes of it
    #[command(after_help = "Example: voordeur cases merge 1234-5670 0123-4566 --into 7654-3210 --by \"An Peeters\"")]
    Merge {
        /// Reports that are about the same thing
        #[arg(required = true, value_name = "DUPLICATE")]
        duplicates: Vec<String>,
        /// The report that it goes on in
        #[arg(long, value_name = "MAIN")]
        into: String,
        /// Who says so: colleagues see it on the timeline
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
    },
    /// Make a duplicate a report of its own again: it goes back where it was
    #[command(after_help = "Example: voordeur cases split 1234-5670 --by \"An Peeters\"")]
    Split {
        /// The eight digits the resident was given: 1234-5670
        reference: String,
        /// Who says so: colleagues see it on the timeline
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
    },
}

/// Does what the command says.
pub async fn run(command: CasesCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        CasesCommand::Recategorise { reference, category, by, city } => {
            correct(&reference, &category, &by, city, config).await
        }
        CasesCommand::Near { reference, city } => merge::near(&reference, city, config).await,
        CasesCommand::Merge { duplicates, into, by, city } => merge::merge(&duplicates, &into, &by, city, config).await,
        CasesCommand::Split { reference, by, city } => merge::split(&reference, &by, city, config).await,
    }
}

/// The reference that somebody typed.
fn read(reference: &str) -> Result<Reference, Failure> {
    Reference::parse(reference).map_err(|error| {
        Failure::usage(format!("`{reference}` is not a reference: {error}"), "write the eight digits: 1234-5670")
    })
}

async fn correct(
    reference: &str,
    category: &str,
    by: &str,
    city: Option<PathBuf>,
    config: &Config,
) -> anyhow::Result<()> {
    let reference = read(reference)?;
    let town = city::read(check::folder(city, config).as_deref())?.good()?;
    let known = || town.city.categories.iter().map(|category| category.id.as_str());
    let nowhere = || Failure::usage(format!("there is no category `{category}`"), did_you_mean(category, known()));
    let to = CategoryId::new(category).map_err(|_| nowhere())?;
    let store = open::open_beside(config).await?;
    let outcome = recategorise(&store, &town.city, reference, &to, by, Trace::start()).await;
    store.close().await;
    let paint = Paint::stdout();
    match outcome? {
        Outcome::Corrected { from, open } => {
            let name = town.city.category(&to).map_or("", |category| in_language(&category.names, Language::EN));
            say!("{} {reference} is about {to} now ({name}), no longer {from}", paint.green("✓"));
            match open {
                true => say!("The rules decide it anew; `voordeur rules explain {reference}` says what they say."),
                false => say!("It is closed: nobody is asked anything."),
            }
            Ok(())
        }
        Outcome::Same => {
            say!("{reference} is about {to} already: nothing changed");
            Ok(())
        }
        Outcome::NoCategory => Err(nowhere().into()),
        Outcome::NoName => {
            Err(Failure::usage("--by does not say who", "write your name, at most 100 characters").into())
        }
        Outcome::Unknown => Err(Failure::new(
            format!("there is no report {reference} in this database"),
            "see [database] url: is it the city's own?",
        )
        .into()),
        Outcome::TooEarly => {
            Err(Failure::new(format!("{reference} is not decided yet"), "try again in a moment").into())
        }
    }
}
