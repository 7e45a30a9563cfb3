//! `voordeur maintenance`: the page that a reverse proxy shows while the hub is away.

use super::check;
use crate::{
    city,
    cli::MaintenanceArgs,
    clock,
    config::Config,
    failure::{Advise as _, Failure},
    output::say,
};
use schemas::Timestamp;

/// Prints it.
pub fn run(args: MaintenanceArgs, config: &Config) -> anyhow::Result<()> {
    let town = city::read(check::folder(args.city, config).as_deref())?.good()?;
    let city = &town.city;
    let given = args.until.as_deref().map(|text| {
        let time = text.parse::<jiff::civil::DateTime>().and_then(|time| time.to_zoned(city.calendar.zone.clone()));
        let wrong =
            || Failure::usage(format!("--until: `{text}` is not a day and a time"), "write it as 2026-12-06T10:00");
        Ok::<Timestamp, Failure>(time.map_err(|_| wrong())?.timestamp())
    });
    let now = clock::real().now();
    // What was planned once and is over says nothing of today.
    let planned = city.maintenance.map(|planned| planned.until).filter(|until| *until > now);
    let until = given.transpose()?.or(planned);
    let page = web::maintenance_page(city, until, now);
    say!("{}", page.advise("the page cannot be made", "run `voordeur check` on the folder of the city")?.trim_end());
    Ok(())
}
