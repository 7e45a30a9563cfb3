//! Each behaviour of a played department, judged: what it does wrong is found, and nothing else.

use super::{Desk, Judged, hub, open_cases};
use hub::simulate::{Behaviour, Reception};
use std::time::Duration;
use tests::played::Played;

pub(super) const SEND: [&str; 1] = ["--yes-send-test-cases"];

/// Behaviour, the checks that fail, and what one check has seen.
pub(super) type Expected = (&'static str, &'static [&'static str], (&'static str, &'static str));

const WEBHOOK: &[(&str, Expected)] = &[
    ("w-ok", ("ok", &[], ("once", "both calls were answered with SIM-0001"))),
    ("w-slow", ("slow", &["prompt"], ("prompt", "2000 ms are enough"))),
    ("w-flaky", ("flaky", &["steady"], ("steady", "answered 503"))),
    ("w-timeout", ("timeout-after-accept", &["steady"], ("steady", "did not answer in time"))),
    ("w-double", ("duplicate-updates", &[], ("same-id", "each once in the timeline"))),
    ("w-order", ("out-of-order", &[], ("order", "came after something newer"))),
    ("w-down", ("down:10m", &["accepts"], ("accepts", "cannot be reached"))),
    ("w-silent", ("silent", &["answers"], ("answers", "nothing was heard"))),
    ("w-not-ours", ("not-ours", &[], ("answers", "rejected"))),
    ("w-trusting", ("trusting", &["signature", "stale"], ("signature", "answered 200"))),
    ("w-forgetful", ("forgetful", &["once", "same-id"], ("once", "two numbers for one dispatch"))),
];

/// A seed under which the first call is refused for a second.
pub(super) fn unlucky() -> String {
    let refused = |seed: &u64| Behaviour::Flaky.receives(*seed, 1, 1) == Reception::Busy(Duration::from_secs(1));
    (1..1000).find(refused).expect("one of a thousand seeds begins with a refusal").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_behaviour_behind_a_webhook_is_judged() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let desks = WEBHOOK.iter().map(|(id, _)| Desk::hook(id)).collect::<anyhow::Result<Vec<_>>>()?;
    let (fleet, _) = hub(dir.path(), &desks, None).await?;
    let seed = unlucky();
    let mut played = Vec::new();
    for (id, (behaviour, ..)) in WEBHOOK {
        played.push(Played::simulate(&fleet, id, &["--behaviour", behaviour, "--seed", &seed]).await?);
    }
    let judging = WEBHOOK.iter().map(|(id, (behaviour, ..))| {
        let within = if matches!(*behaviour, "silent" | "down:10m") { "15" } else { "90" };
        let fleet = &fleet;
        async move { Judged::of(fleet, id, &[&SEND[..], &["--within", within]].concat()).await }
    });
    let judged = futures_util::future::join_all(judging).await;
    for ((id, (_, fails, (check, seen))), judged) in WEBHOOK.iter().zip(judged) {
        let judged = judged?;
        judged.failed(id, fails);
        assert!(judged.seen(check).contains(seen), "{id}: {check}: {}", judged.seen(check));
    }
    let (open, all) = open_cases(dir.path()).await?;
    assert_eq!(open, 0, "every test case is closed");
    assert_eq!(all, 5 * WEBHOOK.len() as i64 - 4, "five each, and one where the first was not taken");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_behaviour_that_fetches_is_judged() -> anyhow::Result<()> {
    let expected: &[(&str, Expected)] = &[
        ("f-ok", ("ok", &[], ("once", "nothing new was said"))),
        ("f-double", ("duplicate-updates", &[], ("same-id", "each once in the timeline"))),
        ("f-order", ("out-of-order", &[], ("order", "came after something newer"))),
        ("f-silent", ("silent", &["answers"], ("answers", "nothing was heard"))),
        ("f-forgetful", ("forgetful", &["once", "same-id"], ("once", "it said 3 more"))),
    ];
    let dir = tempfile::tempdir()?;
    let desks: Vec<Desk> = expected.iter().map(|(id, _)| Desk::queue(id)).collect();
    let (fleet, _) = hub(dir.path(), &desks, None).await?;
    judge_all(&fleet, expected).await?;
    assert_eq!(open_cases(dir.path()).await?, (0, 5 * expected.len() as i64));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_behaviour_on_rabbitmq_is_judged() -> anyhow::Result<()> {
    let Some(amqp) = super::examples::server("VOORDEUR_TEST_AMQP") else { return Ok(()) };
    let expected: &[(&str, Expected)] = &[
        ("q-ok", ("ok", &[], ("once", "nothing new was said"))),
        ("q-timeout", ("timeout-after-accept", &[], ("once", "nothing new was said"))),
        ("q-flaky", ("flaky", &[], ("accepts", "it has it"))),
        ("q-double", ("duplicate-updates", &[], ("same-id", "each once in the timeline"))),
        ("q-order", ("out-of-order", &[], ("order", "came after something newer"))),
        ("q-forgetful", ("forgetful", &["once", "same-id"], ("once", "it said 3 more"))),
    ];
    let dir = tempfile::tempdir()?;
    let desks: Vec<Desk> = expected.iter().map(|(id, _)| Desk::queue(id)).collect();
    let prefix = format!("judged{:x}", rand::random::<u32>());
    let (mut fleet, _) = hub(dir.path(), &desks, Some((&amqp, &prefix))).await?;
    let judged = judge_all(&fleet, expected).await;
    fleet.stop("hub").await?;
    super::examples::remove(dir.path(), &amqp, &prefix).await?;
    judged
}

async fn judge_all(fleet: &tests::fleet::Fleet, expected: &[(&str, Expected)]) -> anyhow::Result<()> {
    let mut played = Vec::new();
    for (id, (behaviour, ..)) in expected {
        played.push(Played::simulate(fleet, id, &["--behaviour", behaviour]).await?);
    }
    let judging = expected.iter().map(|(id, (behaviour, ..))| {
        let within = if *behaviour == "silent" { "20" } else { "60" };
        async move { Judged::of(fleet, id, &[&SEND[..], &["--within", within]].concat()).await }
    });
    for ((id, (_, fails, (check, seen))), judged) in expected.iter().zip(futures_util::future::join_all(judging).await)
    {
        let judged = judged?;
        judged.failed(id, fails);
        assert!(judged.seen(check).contains(seen), "{id}: {check}: {}", judged.seen(check));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_a_yes_and_mistakes_are_named() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (fleet, _) = hub(dir.path(), &[Desk::hook("w-quiet")?], None).await?;
    let judged = Judged::of(&fleet, "w-quiet", &[]).await?;
    judged.failed("w-quiet", &[]);
    assert_eq!(judged.with("passed"), ["settings".to_owned()].into());
    assert_eq!(open_cases(dir.path()).await?.1, 0);

    let wrong = "whsec_c3RyYW5nZXJzdHJhbmdlcnN0cmFuZ2Vyc3RyYW5nZXI=";
    for (args, parts) in [
        (vec!["conformance", "--department", "w-quit"], vec!["no department `w-quit`", "did you mean `w-quiet`?"]),
        (vec!["simulate", "department", "--department", "w-quit"], vec!["did you mean `w-quiet`?", "--config"]),
        (
            vec!["simulate", "department", "--department", "w-quiet", "--kind", "queue"],
            vec!["by `webhook`, not by `queue`"],
        ),
        (
            vec!["simulate", "department", "--department", "w-quiet", "--kind", "webhok"],
            vec!["did you mean `webhook`?"],
        ),
        (
            vec!["simulate", "department", "--department", "w-quiet", "--secret", wrong],
            vec!["does not know our secret", "[departments.w-quiet]"],
        ),
        (
            vec!["simulate", "department", "--department", "w-quiet", "--hub", "http://127.0.0.1:9"],
            vec!["cannot be reached at http://127.0.0.1:9", "--hub"],
        ),
        (
            vec!["simulate", "department", "--department", "w-quiet", "--behaviour", "flakey"],
            vec!["did you mean `flaky`?"],
        ),
    ] {
        let output = fleet.begin("mistake", &args)?.stderr(std::process::Stdio::piped()).output().await?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{args:?}");
        for part in parts {
            assert!(said.contains(part), "{args:?}: `{part}` is not in: {said}");
        }
    }
    Ok(())
}
