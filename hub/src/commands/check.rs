//! `voordeur check`: is this city folder right?

use crate::{
    city::{self, Reading},
    cli::CheckArgs,
    clock,
    config::Config,
    failure::Failure,
    output::{Paint, count, say},
};
use notifier::{advice::advice, plain::Hint};
use schemas::fault::Severity;
use std::path::PathBuf;

/// The folder a command means: its own, or the configuration's, or `None` for the built-in sample.
pub fn folder(given: Option<PathBuf>, config: &Config) -> Option<PathBuf> {
    given.or_else(|| config.city.folder.clone())
}

/// Shows every fault; fails when one of them stops the city, or when the configuration would.
pub fn run(args: CheckArgs, config: &Config) -> anyhow::Result<()> {
    config.photos.desk()?;
    config.photos.album()?;
    let mut reading = city::read(folder(args.city, config).as_deref())?;
    if let Some(town) = &reading.town {
        let today = town.city.calendar.date(clock::real().now());
        reading.faults.extend(town.city.expired(today));
    }
    let (mut errors, mut warnings) = (0, 0);
    for fault in &reading.faults {
        match fault.severity {
            Severity::Error => errors += 1,
            Severity::Warning => warnings += 1,
        }
    }
    let advice = reading.town.as_ref().map(|town| advice(&town.city, &town.templates)).unwrap_or_default();
    if args.json {
        let faults = &reading.faults;
        say!("{}", serde_json::json!({"errors": errors, "warnings": warnings, "faults": faults, "advice": advice}));
    } else {
        show(&reading);
        for advice in &advice {
            let reading = &advice.reading;
            let hints: Vec<String> = reading.hints.iter().map(Hint::line).collect();
            let paint = Paint::stdout();
            let score = format!("reads {} (score {}; plain is 60 and more)", reading.level.as_str(), reading.score);
            say!("{} {}: {score}", paint.cyan("advice"), advice.file);
            for hint in hints {
                say!("  {} {hint}", paint.dim("–"));
            }
        }
    }
    if errors > 0 || (args.strict && warnings > 0) {
        let what = match (errors, warnings) {
            (0, warnings) => count(warnings, "warning"),
            (errors, 0) => count(errors, "fault"),
            (errors, warnings) => format!("{} and {}", count(errors, "fault"), count(warnings, "warning")),
        };
        return Err(Failure::new(format!("{what} in {}", reading.place), "put them right and check again").into());
    }
    Ok(())
}

fn show(reading: &Reading) {
    let paint = Paint::stdout();
    for fault in &reading.faults {
        say!("{}", reading.show(fault, paint));
    }
    if let Some(town) = &reading.town {
        let city = &town.city;
        say!(
            "{} {} is right: {}, {}, {}, {}",
            paint.green("✓"),
            reading.place,
            count(city.departments.len() as u64, "department"),
            city.categories.len().to_string() + " categories",
            count(town.rules.rules().len() as u64, "rule"),
            count(city.areas.all().len() as u64, "area"),
        );
    }
}
