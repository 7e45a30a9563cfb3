//! `voordeur bench`: measures this build beside its own raw-limit loops, in one run on one machine,
//! so that a figure never stands alone. The goals are ratios (docs/engineer/figures.md).

mod cores;
mod cpu;
mod decide;
mod intake;
mod memory;
mod notify;
mod raw_rabbit;
mod raw_sqlite;
mod replay;
mod routed;
mod show;
mod smtp;
mod web;

use clap::Args;
use std::time::{Duration, Instant};

/// What to measure, and how to show it.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// Print one JSON object on stdout: {"rows":[{"name","value","unit","raw","ratio","goal"}]}
    #[arg(long)]
    pub json: bool,
    /// Fewer rounds: a first impression in under a minute
    #[arg(long)]
    pub quick: bool,
    /// Only these: intake, decide, replay, smtp, notify, web, embedded or distributed
    #[arg(value_name = "NAME", conflicts_with = "only")]
    pub name: Option<String>,
    /// Only the rows whose name contains NAME
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    /// How long `notify` keeps its steady pace [default: 60; with --quick 5]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: Option<u64>,
    /// How many cases `web` asks among [default: 100000; with --quick 2000]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(20..=10_000_000))]
    pub cases: Option<u32>,
    /// A RabbitMQ server that may be filled: rows that need one are skipped without it
    #[arg(long, value_name = "URL", env = "VOORDEUR_BENCH_AMQP", hide_env_values = true)]
    pub amqp: Option<String>,
    /// A PostgreSQL server where databases may be made: rows that need one are skipped without it
    #[arg(long, value_name = "URL", env = "VOORDEUR_BENCH_POSTGRES", hide_env_values = true)]
    pub postgres: Option<String>,
}

/// One figure beside its limit.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Row {
    /// What is measured.
    pub name: &'static str,
    /// The figure of this build.
    pub value: f64,
    /// In what.
    pub unit: &'static str,
    /// The raw limit, in the same unit.
    pub raw: Option<f64>,
    /// `value / raw`.
    pub ratio: Option<f64>,
    /// What it should be: `>= 0.7`, `<= 5 µs`.
    pub goal: &'static str,
}

impl Row {
    fn beside(name: &'static str, value: f64, unit: &'static str, raw: f64, goal: &'static str) -> Self {
        Self { name, value, unit, raw: Some(raw), ratio: (raw > 0.0).then(|| value / raw), goal }
    }

    fn alone(name: &'static str, value: f64, unit: &'static str, goal: &'static str) -> Self {
        Self { name, value, unit, raw: None, ratio: None, goal }
    }
}

/// A stretch of work, timed.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    start: Instant,
    cpu: Duration,
    /// Per second.
    pub rate: f64,
    /// Microseconds of this process's processor time per piece.
    pub cpu_micros: f64,
}

impl Run {
    fn start() -> Self {
        Self { start: Instant::now(), cpu: cpu::spent(), rate: 0.0, cpu_micros: 0.0 }
    }

    fn end(self, count: usize) -> Self {
        let count = count as f64;
        let cpu = cpu::spent().saturating_sub(self.cpu);
        Self { rate: count / self.start.elapsed().as_secs_f64(), cpu_micros: cpu.as_secs_f64() * 1e6 / count, ..self }
    }
}

/// The middle of `values`.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value below which `share` (0 to 1) of `values` lie.
fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
    values.get(index).copied().unwrap_or(f64::NAN)
}

/// Measures, and prints the table.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("This is a build for development; figures count only with: cargo run --release -- bench");
    }
    let only = args.name.as_deref().or(args.only.as_deref());
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    let show = show::Show::new(&args);
    let mut rows = Vec::new();
    if wanted("intake") {
        show.step("reports over HTTP, and four times as many as fit");
        rows.extend(intake::rows(args.quick, args.postgres.as_deref()).await?);
    }
    if wanted("decide") {
        show.step("decisions at 100, 1,000 and 10,000 rules");
        rows.extend(decide::rows(args.quick)?);
    }
    if wanted("replay") {
        show.step("stored cases decided again by other rules");
        rows.extend(replay::rows(args.quick).await?);
    }
    if wanted("smtp") {
        show.step("mails over one connection to a local sink");
        rows.extend(smtp::rows(args.quick).await?);
    }
    if wanted("notify") {
        show.step("notices by mail and text message");
        rows.extend(notify::rows(args.quick, args.seconds.unwrap_or(if args.quick { 5 } else { 60 })).await?);
    }
    if wanted("web") {
        show.step("pages in a city that has many cases");
        rows.extend(web::rows(args.quick, args.cases.map(|count| count as usize)).await?);
    }
    if wanted("embedded") {
        show.step("routed reports on SQLite");
        rows.extend(routed::embedded(args.quick).await?);
    }
    if wanted("distributed") {
        match (&args.amqp, &args.postgres) {
            (Some(amqp), Some(postgres)) => {
                show.step("routed reports on RabbitMQ and PostgreSQL");
                rows.extend(routed::distributed(args.quick, amqp, postgres).await?);
            }
            _ => show.skipped(
                "routed reports on RabbitMQ and PostgreSQL: needs --amqp and --postgres (deploy/dev/up starts both)",
            ),
        }
    }
    show.rows(&rows)
}
