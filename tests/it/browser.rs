//! The pages as people meet them: in a real browser, on a whole hub.

use serde_json::json;
use tests::browser::{self, Task};

/// Whether a browser can be started here; where everything has to be tested it must.
async fn ready() -> bool {
    let Some(missing) = browser::missing().await else { return true };
    assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "missing: {missing}");
    eprintln!("left out: the browser tests need {missing}");
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_for_everybody() -> anyhow::Result<()> {
    if ready().await {
        println!("{}", browser::run(Task::Check, json!({})).await?);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_can_be_walked_by_everybody() -> anyhow::Result<()> {
    if ready().await {
        println!("{}", browser::run(Task::Journeys, json!({})).await?);
    }
    Ok(())
}

/// `tests/screens` asks for pictures by the environment; without it there is nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_every_page() -> anyhow::Result<()> {
    let Ok(to) = std::env::var("VOORDEUR_SCREENS") else { return Ok(()) };
    if ready().await {
        let dark = std::env::var("VOORDEUR_SCREENS_DARK").is_ok();
        println!("{}", browser::run(Task::Screens, json!({"to": to, "dark": dark})).await?);
    }
    Ok(())
}
