//! Channel integrations that are told what becomes of their reports: one lane each.

use super::{Ground, edge};
use crate::{failure::Failure, supervise::Task};
use schemas::letter::Lane;
use std::sync::Arc;

/// Tells channel integrations what becomes of the reports that came by them.
pub(super) fn channels(ground: &Ground, http: &bus::http::Client) -> anyhow::Result<Vec<Task>> {
    let clock = ground.store.clock();
    let built = ground.config.channels.iter().map(|(channel, access)| {
        let worker = access.caller().build(channel, http.clone(), clock.clone(), &ground.public_url);
        let worker = worker.map_err(|faults| {
            let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
            Failure::usage(lines.join("\n"), "see [channels] in deploy/voordeur.toml")
        })?;
        let settings = worker.lane();
        Ok(edge(ground, Lane::channel(channel), Arc::new(worker), settings))
    });
    built.collect()
}
