//! Each behaviour of a played Open311 server, judged: what it does wrong is found, and nothing else.

use super::{
    Desk, Judged, hub,
    judged::{Expected, SEND, unlucky},
    open_cases,
};
use tests::played::Played;

const SERVERS: &[(&str, Expected)] = &[
    ("o-ok", ("ok", &[], ("found", "once each"))),
    ("o-slow", ("slow", &["prompt"], ("prompt", "2000 ms are enough"))),
    ("o-flaky", ("flaky", &["steady"], ("steady", "answered 503"))),
    ("o-timeout", ("timeout-after-accept", &["steady"], ("found", "once each"))),
    ("o-double", ("duplicate-updates", &[], ("same-id", "each once in the timeline"))),
    ("o-order", ("out-of-order", &[], ("answers", "solved"))),
    ("o-down", ("down:10m", &["services", "lists", "updates", "accepts"], ("services", "cannot be reached"))),
    ("o-silent", ("silent", &[], ("answers", "nobody has said more yet"))),
    ("o-not-ours", ("not-ours", &[], ("answers", "rejected"))),
    ("o-trusting", ("trusting", &["key"], ("key", "took a request with a wrong key"))),
    ("o-forgetful", ("forgetful", &["found"], ("found", "without the last line of its description"))),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_behaviour_of_an_open311_server_is_judged() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let desks = SERVERS.iter().map(|(id, _)| Desk::open311(id)).collect::<anyhow::Result<Vec<_>>>()?;
    let (fleet, _) = hub(dir.path(), &desks, None).await?;
    let seed = unlucky();
    let mut played = Vec::new();
    for (id, (behaviour, ..)) in SERVERS {
        played.push(Played::simulate(&fleet, id, &["--behaviour", behaviour, "--seed", &seed]).await?);
    }
    let judging = SERVERS.iter().map(|(id, (behaviour, ..))| {
        let within = if matches!(*behaviour, "silent" | "down:10m") { "5" } else { "90" };
        let fleet = &fleet;
        async move { Judged::of(fleet, id, &[&SEND[..], &["--within", within]].concat()).await }
    });
    let judged = futures_util::future::join_all(judging).await;
    for ((id, (_, fails, (check, seen))), judged) in SERVERS.iter().zip(judged) {
        let judged = judged?;
        judged.failed(id, fails);
        assert!(judged.seen(check).contains(seen), "{id}: {check}: {}", judged.seen(check));
    }
    let (open, all) = open_cases(dir.path()).await?;
    assert_eq!(open, 0, "every test case is closed");
    assert_eq!(all, 4 * SERVERS.len() as i64 - 3, "four each, and one where the first was not taken");
    for (id, played) in ["o-ok", "o-timeout"].iter().zip([&played[0], &played[3]]) {
        let arrivals = played.arrivals();
        assert_eq!(arrivals.len(), 3, "{id}: what nobody may take never came to the desk");
        assert!(arrivals.values().all(|(_, taken)| *taken == 1), "{id}: no request twice: {arrivals:?}");
        let photo = |line: &String| line.contains("\"photo\"") && line.contains("200 ");
        assert!(played.lines().iter().any(photo), "{id}: it opened the photo: {:?}", played.lines());
    }
    Ok(())
}
