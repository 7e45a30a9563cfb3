//! Partners whose requests come in as reports: one round each.

use super::{Ground, intake_tools, rounds};
use crate::{failure::Failure, supervise::Task};
use adapters::{intake::partner, rounds::RoundWorker};

/// Asks each partner what was told there.
pub(super) fn partners(ground: &Ground, http: &bus::http::Client) -> anyhow::Result<Vec<Task>> {
    let tools = intake_tools(ground)?;
    let photos = ground.config.photos.desk()?.build();
    let mut tasks = Vec::new();
    for (channel, access) in &ground.config.partners {
        let config = access.channel();
        let faults = config.check(channel, &tools.city);
        if !faults.is_empty() {
            let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
            return Err(Failure::usage(lines.join("\n"), "see [partners] in deploy/voordeur.toml").into());
        }
        let round = partner::round(config, channel, &tools, &photos, http.clone());
        tasks.push(rounds(RoundWorker::of_the_house(ground.store.clone(), &round.name(), round)));
    }
    Ok(tasks)
}
