//! Rules change, and are taken back, under load: two routers on RabbitMQ and PostgreSQL switch at the
//! same point, and no case is decided by a version that is not in force.

use super::{patience, size};
use sqlx::{Connection as _, PgConnection};
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    servers::Servers,
    town, wait,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_process_decides_by_the_rules_in_force() -> anyhow::Result<()> {
    let servers = Servers::up().await?;
    let database = servers.database().await?;
    let prefix = format!("rules{:x}", rand::random::<u32>());
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/hook")?;
    // The same town, where the front desk has what the department with the queue had.
    let other = dir.path().join("other");
    town::write(&other, "http://127.0.0.1:9/hook")?;
    let rules = std::fs::read_to_string(other.join("rules/all.yaml"))?;
    std::fs::write(other.join("rules/all.yaml"), rules.replace("assign: wachtrij", "assign: onthaal"))?;
    let other = other.display().to_string();

    let config = town::Config { database: &database, broker: Some((&servers.amqp, &prefix)), smtp: None };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    fleet.run(&["migrate"])?;
    fleet.run(&["broker", "definitions", "--apply"])?;
    let ports = [free_port()?];
    fleet.start("web", "web", ports[0])?;
    fleet.start("router-1", "router", free_port()?)?;
    fleet.start("router-2", "router", free_port()?)?;
    fleet.ready(ports[0]).await?;

    let count = size(500, 20_000);
    let batch = |name: &str| Batch {
        name: name.to_owned(),
        count,
        callers: 8,
        category: "straat/queue".to_owned(),
        told: false,
        patience: patience(),
    };
    let mut senders = tokio::task::JoinSet::new();
    let (http, amqp, url) = (batch("web"), batch("bus"), servers.amqp.clone());
    senders.spawn(async move { load::over_http(&ports, &http).await.map(|_| ()) });
    let of = prefix.clone();
    senders.spawn(async move { load::over_amqp(&url, &of, &amqp).await });

    let total = i64::try_from(2 * count)?;
    let mut db = PgConnection::connect(&database).await?;
    let (mut flips, mut seen) = (0, 0);
    // To the other rules and back, as long as reports come in.
    while seen < total {
        seen = wait::until("more cases", patience(), || {
            let database = database.clone();
            async move {
                let mut db = PgConnection::connect(&database).await?;
                let cases = one(&mut db, "SELECT count(*) FROM cases").await?;
                Ok((cases > seen).then_some(cases))
            }
        })
        .await?;
        let flip: &[&str] =
            if flips % 2 == 0 { &["rules", "activate", "--city", &other] } else { &["rules", "rollback"] };
        fleet.run(flip)?;
        flips += 1;
        anyhow::ensure!(fleet.fallen().is_none(), "{:?}", fleet.fallen());
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }

    assert_eq!(one(&mut db, "SELECT count(*) FROM cases").await?, total);
    assert_eq!(one(&mut db, "SELECT count(*) FROM activation").await?, flips + 1, "the first start, and each flip");
    // One machine, one clock: a decision is younger than the activation it follows, and older than the next.
    let strays = "SELECT count(*) FROM event AS e WHERE e.version = 2 AND CAST(e.body AS jsonb) ->> 'ruleset' <>
        (SELECT a.version FROM activation AS a WHERE a.at <= e.at ORDER BY a.n DESC LIMIT 1)";
    assert_eq!(one(&mut db, strays).await?, 0, "cases decided by a version that was not in force");
    // Each version says one thing, and both had their share.
    let said: Vec<(String, i64)> = sqlx::query_as(
        "SELECT CAST(body AS jsonb) ->> 'department', count(DISTINCT CAST(body AS jsonb) ->> 'ruleset')
        FROM event WHERE version = 2 GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&mut db)
    .await?;
    assert_eq!(said, [("onthaal".to_owned(), 1), ("wachtrij".to_owned(), 1)]);
    println!("{total} cases, {flips} changes of rules");
    for name in fleet.names() {
        fleet.stop(&name).await?;
    }
    Ok(())
}

async fn one(db: &mut PgConnection, sql: &'static str) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(sql).fetch_one(db).await?)
}
