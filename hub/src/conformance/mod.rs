//! `voordeur conformance`: judges a real department that is connected to a hub that runs. It writes
//! test cases, lets the hub hand them over as any other, looks at what comes back, and calls a
//! webhook as a forger would. Each check says what was asked, what was seen, and how to put it right.

mod checks;
mod open311;
mod probe;
mod report;
mod watch;

use crate::{
    city,
    commands::open,
    config::{Broker, Config},
    failure::{Advise as _, Failure},
    hub::rabbit_options,
    roles,
    simulate::{client, delivery, known},
};
use adapters::{
    departments::{Tools, open311::judge::Judge},
    links::Links,
    secrets::Secrets,
    trials::{self, Trial, Written},
};
use bus::Bus;
use clap::Args;
use report::{Finding, Report};
use schemas::{
    Uuid,
    city::{City, Department},
    id::Clock,
    letter::Letter,
};
use std::{sync::Arc, time::Duration};
use store::{Photo, Store};
use tokio_util::sync::CancellationToken;

/// Whom to judge.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  voordeur conformance --department nutsbedrijf                          what can be seen without sending anything
  voordeur conformance --department nutsbedrijf --yes-send-test-cases    everything
  voordeur conformance --department groen --yes-send-test-cases --json | jq '.checks[] | select(.verdict == \"failed\")'

Run it where the hub runs, with its configuration, while the hub runs. The test cases say in their words that they
are a test, are told to nobody, and are closed at the end; an Open311 server keeps the requests that it took. Exit code 0: nothing failed, 1: something did.")]
pub struct ConformanceArgs {
    /// Whom to judge: the id in departments.yaml
    #[arg(long, value_name = "ID")]
    pub department: String,
    /// Send up to five test cases to this department; without it nothing is sent
    #[arg(long)]
    pub yes_send_test_cases: bool,
    /// How long the department may take to have a case, and to say something about it
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub within: u64,
    /// How long is listened, after it answered, for what it says twice
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub listen: u64,
    /// A call that takes longer than this is too slow
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 2000)]
    pub prompt: u64,
    /// Where the hub is, to fetch a photo as the department does [default: [web] listen]
    #[arg(long, value_name = "URL")]
    pub hub: Option<String>,
    /// Print the report as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What the checks stand on.
struct Ground {
    args: ConformanceArgs,
    city: Arc<City>,
    department: Department,
    store: Store,
    secrets: Secrets,
    broker: Option<Broker>,
    token: Option<secrecy::SecretString>,
    /// Its server, where it has one that speaks Open311.
    open311: Option<Judge>,
    hub: String,
    http: bus::http::Client,
    clock: Clock,
}

impl Ground {
    fn within(&self) -> Duration {
        Duration::from_secs(self.args.within) + self.asked_every() * 2
    }

    /// How often it is asked what it has to say; not at all when it says so by itself.
    fn asked_every(&self) -> Duration {
        self.open311.as_ref().map_or(Duration::ZERO, |judge| judge.config().every)
    }

    fn is_queue(&self) -> bool {
        delivery(&self.department) == "queue"
    }
}

/// Judges, shows, and fails when a check failed.
pub async fn run(args: ConformanceArgs, config: &Config) -> anyhow::Result<()> {
    let town = city::read(config.city.folder.as_deref())?.good()?;
    let department = known(&town.city, &args.department)?.clone();
    let secrets = roles::secrets(config, &town)?;
    let store = open::open_beside(config).await?;
    let json = args.json;
    let http = client()?;
    let tools = Tools {
        city: town.city.clone(),
        clock: store.clock().clone(),
        http: http.clone(),
        secrets: secrets.clone(),
        source: config.web.public_url(),
        links: Links::new(
            store.secret("links").await.advise("the links of this hub cannot be read", "see that the database runs")?,
            &config.web.public_url(),
        ),
        mail: None,
        store: store.clone(),
    };
    let open311 = adapters::departments::open311::Config::of(&department);
    let ground = Ground {
        open311: open311.map(|config| Judge::new(config, &department, &tools)),
        token: config.departments.get(&department.id).and_then(|access| access.token.clone()),
        hub: args
            .hub
            .clone()
            .unwrap_or_else(|| format!("http://{}", config.web.listen))
            .trim_end_matches('/')
            .to_owned(),
        broker: config.broker.clone(),
        clock: store.clock().clone(),
        http,
        city: town.city.clone(),
        department,
        store,
        secrets,
        args,
    };
    let result = judge(&ground, roles::queue_departments(&town)).await;
    ground.store.close().await;
    let report = result?;
    report.show(json);
    match report.failed() {
        0 => Ok(()),
        n => Err(Failure::new(
            format!("{} {}", crate::output::count(n, "check"), "failed"),
            "the report says of each how to put it right",
        )
        .into()),
    }
}

async fn judge(ground: &Ground, queues: Vec<schemas::slug::DepartmentId>) -> anyhow::Result<Report> {
    let mut report = Report::new(&ground.department.id, delivery(&ground.department), ground.clock.now());
    report.add(checks::settings(ground).await);
    let sends = if ground.open311.is_some() { open311::SENT } else { checks::SENT };
    if let Some(judge) = &ground.open311 {
        for finding in open311::unsent(judge).await {
            report.add(finding);
        }
    }
    if !ground.args.yes_send_test_cases {
        for (id, asks) in sends {
            report.add(Finding::skipped(id, asks, "nothing was sent: add --yes-send-test-cases"));
        }
        return Ok(report);
    }
    // What this process posts is published by this process; on the table the hub finds it by itself.
    let stop = CancellationToken::new();
    let relay = ground.broker.as_ref().map(|broker| {
        let bus = Bus::rabbit(ground.store.clone(), rabbit_options(broker), queues);
        let stop = stop.clone();
        tokio::spawn(async move { bus.run_relay(stop).await })
    });
    let mut sent = Sent::default();
    let judged = match &ground.open311 {
        Some(judge) => open311::judge(ground, judge, &mut report, &mut sent).await,
        None => send_and_judge(ground, &mut report, &mut sent).await,
    };
    let closed = trials::close(&ground.store, &sent.cases, &sent.again).await;
    stop.cancel();
    if let Some(relay) = relay {
        // It publishes what it holds and ends.
        _ = tokio::time::timeout(Duration::from_secs(5), relay).await;
    }
    judged?;
    closed.advise(
        "the test cases could not be closed",
        format!("close them by hand: {}", sent.references().join(", ")),
    )?;
    report.cases = sent.references();
    Ok(report)
}

/// Everything that has to be closed at the end.
#[derive(Default)]
struct Sent {
    cases: Vec<Written>,
    again: Vec<Letter>,
}

impl Sent {
    fn references(&self) -> Vec<String> {
        self.cases.iter().map(|one| one.dispatch.reference.to_string()).collect()
    }

    async fn write(&mut self, ground: &Ground, trials: &[Trial]) -> anyhow::Result<Vec<Written>> {
        let written = trials::write(&ground.store, &ground.city, &ground.department, trials)
            .await
            .advise("the test cases cannot be written", "see that the database runs")?;
        self.cases.extend(written.iter().cloned());
        Ok(written)
    }
}

async fn send_and_judge(ground: &Ground, report: &mut Report, sent: &mut Sent) -> anyhow::Result<()> {
    let plain = sent.write(ground, &[Trial::Plain]).await?.remove(0);
    let taken = checks::accepts(ground, &plain).await?;
    let is_taken = taken.passed();
    report.add(taken);
    if !is_taken {
        for (id, asks) in checks::SENT.iter().skip(1) {
            report.add(Finding::skipped(id, asks, "the first test case was not taken"));
        }
        return Ok(());
    }
    report.add(checks::prompt(ground, &plain).await?);
    report.add(checks::answers(ground, &plain).await?);
    let photo = photo(ground).await?;
    let more = sent.write(ground, &[Trial::UnknownField, Trial::BigWords, Trial::Photo(photo), Trial::Unsent]).await?;
    report.add(checks::takes(ground, checks::UNKNOWN_FIELD, &more[0]).await?);
    report.add(checks::takes(ground, checks::BIG_WORDS, &more[1]).await?);
    report.add(checks::photo(ground, &more[2], photo).await?);
    for finding in probe::signatures(ground, &more[3]).await {
        report.add(finding);
    }
    report.add(checks::once(ground, &plain, sent).await?);
    for finding in checks::timelines(ground, &sent.cases).await? {
        report.add(finding);
    }
    Ok(())
}

/// A photo for a test case, kept as one that somebody uploaded.
async fn photo(ground: &Ground) -> anyhow::Result<Uuid> {
    let id = ground.store.ids().new_id();
    let bytes = crate::demo::photo::jpeg()?;
    let photo = Photo {
        id,
        media_type: "image/jpeg".to_owned(),
        width: 320,
        height: 240,
        bytes,
        lies: None,
        received_at: ground.clock.now(),
    };
    ground
        .store
        .add_photo(photo, None, None)
        .await
        .advise("the photo of a test case cannot be kept", "see that the database runs")?;
    Ok(id)
}
