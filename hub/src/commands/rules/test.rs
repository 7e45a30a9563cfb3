//! `voordeur rules test`: reading rules runs the examples that stand beside them.

use crate::{
    city,
    commands::check,
    config::Config,
    failure::Failure,
    output::{Paint, count, say},
};
use schemas::fault::Severity;
use std::path::PathBuf;

pub(super) fn run(folder: Option<PathBuf>, config: &Config) -> anyhow::Result<()> {
    let reading = city::read(check::folder(folder, config).as_deref())?;
    let paint = Paint::stdout();
    let faults: Vec<_> = reading.faults.iter().filter(|fault| fault.file.starts_with("rules/")).collect();
    faults.iter().for_each(|fault| say!("{}", reading.show(fault, paint)));
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    if errors > 0 {
        return Err(Failure::new(
            format!("{} in the rules of {}", count(errors as u64, "fault"), reading.place),
            "put them right and test again",
        )
        .into());
    }
    let place = reading.place.clone();
    let town = reading.good()?;
    say!(
        "{} {} of {place}: every example comes out as it says (version {})",
        paint.green("✓"),
        count(town.rules.rules().len() as u64, "rule"),
        town.rules.version()
    );
    Ok(())
}
