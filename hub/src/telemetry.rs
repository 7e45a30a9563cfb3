//! Logs and metrics. Neither ever holds words, names, addresses or tokens of people: only lanes,
//! letters, cases and traces.

use crate::config::{Log, LogFormat};
use crate::failure::Failure;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    io::IsTerminal as _,
    sync::{Arc, OnceLock},
    time::Duration,
};
use store::Store;
use tokio_util::sync::CancellationToken;
use tracing::Level;
use tracing_subscriber::{
    EnvFilter,
    filter::{LevelFilter, filter_fn},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// How often the gauges of the lanes are brought up to date.
pub const GAUGES_EVERY: Duration = Duration::from_secs(5);

/// Starts the logs, on stderr. A second call changes nothing.
pub fn start_logs(log: &Log) -> anyhow::Result<()> {
    let unreadable = || {
        Failure::usage(
            format!("[log] level `{}` cannot be read", log.level),
            "write error, warn, info, debug or trace, or per part: info,bus=debug",
        )
    };
    // A bare word that is no level would be taken for the name of a part, and nothing else be logged.
    let is_level = |word: &str| word.is_empty() || word.contains(['=', '[']) || word.parse::<LevelFilter>().is_ok();
    if !log.level.split(',').all(|word| is_level(word.trim())) {
        return Err(unreadable().into());
    }
    let filter =
        EnvFilter::builder().parse(&log.level).map_err(|error| anyhow::Error::from(error).context(unreadable()))?;
    let private = filter_fn(|meta| may_log(meta.target(), *meta.level()));
    let registry = tracing_subscriber::registry().with(filter).with(private);
    let writer = std::io::stderr;
    // A subscriber that is there already (in tests) stays.
    let _ = match log.format {
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .with_writer(writer),
            )
            .try_init(),
        LogFormat::Text => registry
            .with(tracing_subscriber::fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(writer))
            .try_init(),
    };
    Ok(())
}

/// Our own parts, which know what is personal.
const OURS: [&str; 9] = ["adapters", "bus", "hub", "notifier", "router", "schemas", "store", "voordeur", "web"];

/// Whether `target` may log at `level`, whatever the operator asked for. At debug and trace,
/// libraries write what they are given (the template engine each value, the mail client each line),
/// and that is names, addresses and words of people.
fn may_log(target: &str, level: Level) -> bool {
    level <= Level::INFO || target.split("::").next().is_some_and(|part| OURS.contains(&part))
}

/// Seconds: from a cached look-up to a department that takes its time.
const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// The recorder of this process, started at the first call.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // Two hubs in one process (tests) share the first recorder.
    if metrics::set_global_recorder(recorder).is_ok() {
        let _ = HANDLE.set(handle.clone());
        describe();
    }
    Ok(HANDLE.get().cloned().unwrap_or(handle))
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("voordeur_reports_total", "Reports accepted, by channel");
    describe_counter!("voordeur_letters_total", "Letters handled, by lane and verdict");
    describe_histogram!("voordeur_letter_seconds", Unit::Seconds, "Time to handle a letter, by lane");
    describe_gauge!("voordeur_lane_ready", "Letters that wait to be handled now, by lane");
    describe_gauge!("voordeur_lane_delayed", "Letters that wait for their next try, by lane");
    describe_gauge!("voordeur_lane_oldest_seconds", Unit::Seconds, "Age of the oldest letter that waits, by lane");
    describe_gauge!("voordeur_dead", "Dead letters, by lane");
    describe_gauge!("voordeur_rules_activation", "Number of the activation by which this process decides");
    describe_gauge!("voordeur_rules_unusable", "1 while rules that were activated cannot be used for this city");
    describe_gauge!("voordeur_rules_folder_refused", "1 while the rules in the city folder are not taken over");
    describe_counter!(
        "voordeur_open311_strangers_total",
        "What Open311 servers said about numbers that are not ours, by department"
    );
    describe_counter!("voordeur_noticed_total", "Reports that were noticed at the door, by reason");
    describe_gauge!("voordeur_held", "Reports that are held until somebody looks");
    describe_gauge!("voordeur_held_oldest_seconds", Unit::Seconds, "How long the oldest of them is held");
    describe_counter!("voordeur_held_unseen_total", "Reports that were released because nobody looked in time");
    describe_gauge!("voordeur_cases_open", "Open cases, by the department that leads");
    describe_gauge!("voordeur_cases_waiting", "Open cases that wait for the resident, by department");
    describe_gauge!("voordeur_cases_late", "Open cases that were expected before today, by department");
    describe_gauge!("voordeur_up", "1 for each role that runs in this process");
}

/// What a scrape gets. Histograms are cleaned up as they are read, so that memory stays bounded
/// between scrapes too (`upkeep`).
pub fn render(handle: &PrometheusHandle) -> Arc<dyn Fn() -> String + Send + Sync> {
    let handle = handle.clone();
    Arc::new(move || {
        handle.run_upkeep();
        handle.render()
    })
}

/// Brings the gauges of the lanes up to date every few seconds, until `stop`.
pub async fn gauges(store: Store, handle: PrometheusHandle, stop: CancellationToken) {
    // A lane that ran empty must say 0, not what it said last.
    let mut known = std::collections::BTreeSet::new();
    loop {
        match store.lanes().await {
            Ok(lanes) => {
                let now = store.clock().now();
                let mut missing = known.clone();
                for state in lanes {
                    let lane = state.lane.to_string();
                    missing.remove(&lane);
                    known.insert(lane.clone());
                    let age = state.oldest_at.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0));
                    metrics::gauge!("voordeur_lane_ready", "lane" => lane.clone()).set(state.ready as f64);
                    metrics::gauge!("voordeur_lane_delayed", "lane" => lane.clone()).set(state.delayed as f64);
                    metrics::gauge!("voordeur_lane_oldest_seconds", "lane" => lane.clone()).set(age);
                    metrics::gauge!("voordeur_dead", "lane" => lane).set(state.dead as f64);
                }
                for lane in missing {
                    for name in [
                        "voordeur_lane_ready",
                        "voordeur_lane_delayed",
                        "voordeur_lane_oldest_seconds",
                        "voordeur_dead",
                    ] {
                        metrics::gauge!(name, "lane" => lane.clone()).set(0.0);
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "the lanes cannot be counted now"),
        }
        handle.run_upkeep();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(GAUGES_EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_never_log_what_they_are_given() {
        for (target, level, may) in [
            ("web::guard::walk", Level::TRACE, true),
            ("store", Level::DEBUG, true),
            ("handlebars::render", Level::DEBUG, false),
            ("lettre::transport", Level::TRACE, false),
            ("webby::x", Level::DEBUG, false),
            // What comes by the crate `log` arrives under this name.
            ("log", Level::DEBUG, false),
            ("sqlx::query", Level::WARN, true),
            ("lapin", Level::INFO, true),
        ] {
            assert_eq!(may_log(target, level), may, "{target} {level}");
        }
    }
}
