//! A sender is blocked, sends under load while the hub is killed, and is released while it is killed again: nothing is
//! lost, nothing goes on before it is released, and nothing goes on twice.

use super::{embedded::count, patience, size};
use rand::Rng as _;
use std::{collections::HashSet, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    load::{self, Batch},
    town, wait,
};

async fn kill(fleet: &mut Fleet, times: usize) -> anyhow::Result<()> {
    for _ in 0..times {
        let pause = rand::rng().random_range(100..600);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        fleet.kill("hub")?;
        fleet.restart("hub")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_survives_and_is_released_once() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("hub.db");
    let url = format!("sqlite:{}", file.display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let mut fleet = Fleet::new(dir.path(), &config.toml(dir.path()))?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    fleet.run(&["abuse", "block", "--domain", "inbox.example", "--reason", "a test", "--by", "An"])?;

    let total = size(120, 2_000);
    let batch = Batch {
        name: "held".to_owned(),
        count: total,
        callers: 8,
        category: "straat/sandbox".to_owned(),
        told: true,
        patience: patience(),
    };
    let sent = tokio::spawn(async move { load::over_http(&[port], &batch).await });
    kill(&mut fleet, size(4, 12)).await?;
    let references: HashSet<String> = sent.await??.into_iter().collect();
    fleet.ready(port).await?;
    let rows = i64::try_from(total)?;
    assert_eq!(references.len(), total);
    assert_eq!(count(&file, "SELECT count(*) FROM report").await?, rows, "each is kept once");
    assert_eq!(count(&file, "SELECT count(*) FROM held WHERE state = 'held'").await?, rows, "and held");
    for nobody in ["SELECT count(*) FROM letter", "SELECT count(*) FROM cases", "SELECT count(*) FROM notice"] {
        assert_eq!(count(&file, nobody).await?, 0, "{nobody}");
    }

    let references: Vec<String> = references.into_iter().collect();
    for some in references.chunks(total.div_ceil(4)) {
        let mut args = vec!["abuse", "release", "--by", "An"];
        args.extend(some.iter().map(String::as_str));
        fleet.run(&args)?;
        kill(&mut fleet, 1).await?;
        // Once more is once.
        fleet.run(&args)?;
    }
    fleet.ready(port).await?;
    wait::until("every report that was released to be solved", patience(), || {
        let file = file.clone();
        async move {
            let solved = count(&file, "SELECT count(*) FROM cases WHERE status = 'solved'").await?;
            let open = count(&file, "SELECT count(*) FROM letter WHERE buried_at IS NULL").await?;
            Ok((solved == rows && open == 0).then_some(()))
        }
    })
    .await?;
    assert_eq!(count(&file, "SELECT count(*) FROM held WHERE state = 'released'").await?, rows);
    assert_eq!(count(&file, "SELECT count(*) FROM dispatch").await?, rows, "one dispatch per case");
    assert_eq!(
        count(&file, "SELECT count(*) FROM event WHERE what IN ('received', 'routed')").await?,
        2 * rows,
        "each is received once and routed once"
    );
    assert_eq!(
        count(&file, "SELECT count(*) FROM (SELECT DISTINCT event_id, person, sender FROM notice)").await?,
        count(&file, "SELECT count(*) FROM notice").await?,
        "no notice is planned twice"
    );
    assert_eq!(count(&file, "SELECT count(*) FROM audit WHERE deed = 'abuse.release'").await?, rows);
    fleet.stop("hub").await?;
    Ok(())
}
