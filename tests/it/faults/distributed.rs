//! RabbitMQ and PostgreSQL, every role in processes of its own, two of each.

use super::{patience, size};
use rand::{Rng as _, seq::IndexedRandom as _};
use sqlx::{Connection as _, PgConnection};
use std::{collections::HashSet, time::Duration};
use tests::{
    department::{self, Webhook},
    fleet::{Fleet, free_port},
    load::{self, Batch},
    servers::Servers,
    smtp_sink::{Arrived, SmtpSink, Switches},
    town, wait,
};
use tokio_util::sync::CancellationToken;

/// How many kills of single processes, beside one restart each of RabbitMQ and PostgreSQL.
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_killed_and_nothing_is_lost_or_doubled() -> anyhow::Result<()> {
    let servers = Servers::up().await?;
    let database = servers.database().await?;
    let prefix = format!("fault{:x}", rand::random::<u32>());
    let dir = tempfile::tempdir()?;
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();

    // Every 60th hand-over is taken, and then silence; every 60th mail is taken, and then silence.
    let (webhook, hook_url) = Webhook::listen(Some((60, Duration::from_secs(5))), stop.clone()).await?;
    let sink = SmtpSink::start(Switches { drop_every: Some(60), ..Switches::default() }).await?;
    town::write(&dir.path().join("town"), &hook_url)?;
    let config =
        town::Config { database: &database, broker: Some((&servers.amqp, &prefix)), smtp: Some(sink.address().port()) };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    fleet.run(&["migrate"])?;
    fleet.run(&["broker", "definitions", "--apply"])?;

    let ports = [free_port()?, free_port()?];
    fleet.start("web-1", "web", ports[0])?;
    fleet.start("web-2", "web", ports[1])?;
    for name in ["router-1", "router-2", "notifier-1", "notifier-2", "adapters-1", "adapters-2"] {
        let role = name.split('-').next().unwrap_or_default();
        fleet.start(name, role, free_port()?)?;
    }
    fleet.ready(ports[0]).await?;
    fleet.ready(ports[1]).await?;
    let queue = department::consume(servers.amqp.clone(), format!("{prefix}.dept.wachtrij"), stop.clone());

    let count = size(400, 10_000);
    let batch = |name: &str, category: &str, told| Batch {
        name: name.to_owned(),
        count,
        callers: 8,
        category: category.to_owned(),
        told,
        patience: patience(),
    };
    let http = [batch("web-queue", "straat/queue", true), batch("web-hook", "straat/hook", false)];
    let amqp = [batch("bus-queue", "straat/queue", false), batch("bus-hook", "straat/hook", true)];
    let mut senders = tokio::task::JoinSet::new();
    for batch in http {
        senders.spawn(async move { load::over_http(&ports, &batch).await });
    }
    for batch in amqp {
        let (url, prefix) = (servers.amqp.clone(), prefix.clone());
        senders.spawn(async move { load::over_amqp(&url, &prefix, &batch).await.map(|()| Vec::new()) });
    }

    let names = fleet.names();
    for kill in 0..KILLS {
        let (pause, name) = {
            let mut rng = rand::rng();
            (rng.random_range(50..600), names.choose(&mut rng).cloned().unwrap_or_default())
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        fleet.kill(&name)?;
        if kill == KILLS / 3 {
            servers.kill_rabbitmq().await?;
        }
        if kill == 2 * KILLS / 3 {
            servers.kill_postgres().await?;
        }
        fleet.restart(&name)?;
    }
    let mut references = HashSet::new();
    while let Some(sent) = senders.join_next().await {
        references.extend(sent??);
    }
    assert_eq!(references.len(), 2 * count, "every accepted report has a reference of its own");
    anyhow::ensure!(fleet.fallen().is_none(), "{:?}", fleet.fallen());

    let total = i64::try_from(4 * count)?;
    let mut db = Db::open(&database).await?;
    let rested = wait::until("every letter to find its reader", patience(), || {
        let database = database.clone();
        async move { Ok((Db::open(&database).await?.open_letters(total).await? == 0).then_some(())) }
    })
    .await;
    let state = db.state().await?;
    rested.map_err(|error| error.context(state))?;

    assert_eq!(db.one("SELECT count(*) FROM report").await?, total, "reports");
    assert_eq!(db.one("SELECT count(*) FROM cases").await?, total, "cases");
    assert_eq!(db.one("SELECT count(*) FROM letter WHERE buried_at IS NOT NULL").await?, 0, "dead letters");
    assert_eq!(db.one("SELECT count(*) FROM dispatch").await?, total, "one dispatch per case");
    for (department, arrivals) in [("wachtrij", &queue), ("webdienst", &webhook.arrivals)] {
        let want: HashSet<String> = db.dispatches(department).await?.into_iter().collect();
        wait::until(&format!("{department} to have everything"), patience(), || {
            let arrived = arrivals.distinct();
            let want = want.len();
            async move { Ok((arrived >= want).then_some(())) }
        })
        .await?;
        let got: HashSet<String> = arrivals.ids().into_iter().collect();
        assert_eq!(want.len(), 2 * count, "{department}");
        assert_eq!(got, want, "{department} has each dispatch once by id");
        println!("{department}: {} dispatches, {} arrived again with the same id", got.len(), arrivals.repeats());
    }
    // `received` and `routed` of each report that wants to be told.
    let notices = i64::try_from(2 * 2 * count)?;
    assert_eq!(db.one("SELECT count(*) FROM notice").await?, notices, "notices");
    assert_eq!(
        db.one("SELECT count(*) FROM (SELECT DISTINCT event_id, person, sender FROM notice) AS n").await?,
        notices,
        "no notice is planned twice"
    );
    // A mail whose reply was lost is sent again, unless a newer status made it pointless meanwhile.
    let sent = db.notices("sent").await?;
    let superseded = db.notices("superseded").await?;
    assert_eq!(i64::try_from(sent.len() + superseded.len())?, notices, "every notice is sent or superseded");
    let arrived: Vec<String> = sink.arrived().iter().map(notice_of).collect();
    let mails: HashSet<String> = arrived.iter().cloned().collect();
    assert_eq!(sent.difference(&mails).count(), 0, "every notice that counts as sent arrived");
    assert_eq!(mails.iter().filter(|id| !sent.contains(*id) && !superseded.contains(*id)).count(), 0, "strange mails");
    let repeats = arrived.len() - mails.len();
    println!("mail: {} notices, {repeats} arrived again with the same Message-ID", mails.len());
    println!("      {} were superseded before they were known to be sent", superseded.len());

    for name in fleet.names() {
        fleet.stop(&name).await?;
    }
    Ok(())
}

/// The notice that a mail is about: its Message-ID says it.
fn notice_of(mail: &Arrived) -> String {
    let id = mail.message_id();
    id.trim_start_matches('<').split('@').next().unwrap_or_default().to_owned()
}

struct Db(PgConnection);

impl Db {
    async fn open(url: &str) -> anyhow::Result<Self> {
        Ok(Self(PgConnection::connect(url).await?))
    }

    async fn one(&mut self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&mut self.0).await?)
    }

    /// Letters on their way, counting reports that no router has seen yet.
    async fn open_letters(&mut self, reports: i64) -> anyhow::Result<i64> {
        let letters = self.one("SELECT count(*) FROM letter WHERE buried_at IS NULL").await?;
        let unrouted = reports - self.one("SELECT count(*) FROM cases").await?;
        let planned = self.one("SELECT count(*) FROM notice WHERE state = 'planned'").await?;
        let posted =
            self.one("SELECT count(*) FROM dispatch WHERE state = 'posted' AND department = 'webdienst'").await?;
        Ok(letters + unrouted + planned + posted)
    }

    async fn dispatches(&mut self, department: &str) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT id FROM dispatch WHERE department = $1")
            .bind(department)
            .fetch_all(&mut self.0)
            .await?)
    }

    async fn notices(&mut self, state: &str) -> anyhow::Result<HashSet<String>> {
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT id FROM notice WHERE state = $1").bind(state).fetch_all(&mut self.0).await?;
        Ok(ids.into_iter().collect())
    }

    /// What is where, for the message of a failed test.
    async fn state(&mut self) -> anyhow::Result<String> {
        let lanes: Vec<(String, i64, i64, Option<String>)> =
            sqlx::query_as("SELECT lane, count(*), count(buried_at), max(why) FROM letter GROUP BY lane ORDER BY lane")
                .fetch_all(&mut self.0)
                .await?;
        let (reports, cases) =
            (self.one("SELECT count(*) FROM report").await?, self.one("SELECT count(*) FROM cases").await?);
        let notices: Vec<(String, i64)> =
            sqlx::query_as("SELECT state, count(*) FROM notice GROUP BY state").fetch_all(&mut self.0).await?;
        let dispatches: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT department, state, count(*) FROM dispatch GROUP BY department, state")
                .fetch_all(&mut self.0)
                .await?;
        Ok(format!(
            "{reports} reports, {cases} cases, letters {lanes:?}, notices {notices:?}, dispatches {dispatches:?}"
        ))
    }
}
