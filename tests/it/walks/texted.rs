//! Somebody sends a text message to the city: through Kannel into a hub, which asks where it is, and back with a number.

use anyhow::{Context as _, ensure};
use std::{path::Path, process::Stdio, time::Duration};
use tests::{fleet::Fleet, town, wait};
use tokio::process::{Child, Command};

const SOON: Duration = Duration::from_secs(90);

/// The network of mobile phones: sends one message, and takes what the city says.
fn network(smsc: &str, message: &str, log: &Path) -> anyhow::Result<Child> {
    let (host, port) = smsc.rsplit_once(':').context("host:port")?;
    let network = Command::new("/usr/lib/kannel/test/fakesmsc")
        .args(["-H", host, "-r", port, "-m", "1", message])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(log)?)
        .kill_on_drop(true)
        .spawn()?;
    Ok(network)
}

/// What the network got for this number, without what stands for a space.
fn got(log: &Path, number: &str) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(log)?;
    let got = text.lines().filter(|line| line.contains("Got message") && line.contains(number));
    Ok(got.map(|line| line.replace(['+', '\u{a0}'], " ").replace("%C2%A0", " ").replace("%20", " ")).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_message_becomes_a_case() -> anyhow::Result<()> {
    let Ok(sms) = std::env::var("VOORDEUR_TEST_SMS") else {
        ensure!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_SMS must name a gateway");
        return Ok(());
    };
    let (smsc, hook) = (std::env::var("VOORDEUR_TEST_SMSC")?, std::env::var("VOORDEUR_TEST_SMS_HOOK")?);
    let port: u16 = hook.rsplit_once(':').context("host:port")?.1.parse()?;
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let file = dir.path().join("hub.db");
    let config = town::Config { database: &format!("sqlite:{}", file.display()), broker: None, smtp: None };
    let toml = config.toml(dir.path())
        + &format!(
            "[sms]\nprofile = \"kannel\"\nurl = \"{sms}\"\nfrom = \"8850\"\nuser = \"voordeur\"\npassword = \"voordeur\"\n\
             hook_secret = \"a-secret-of-twenty-characters\"\n[sms_door]\n"
        );
    // Kannel calls one address alone: another test may still have it.
    wait::until("the address of the hook", SOON, || async { Ok(Some(tokio::net::TcpListener::bind(&hook).await?)) })
        .await?;
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;

    let number = format!("3247{:07}", rand::random::<u32>() % 10_000_000);
    let (first, second) = (dir.path().join("first.log"), dir.path().join("second.log"));
    let mut phone = network(&smsc, &format!("{number} 8850 text Er+ligt+zwerfvuil"), &first)?;
    wait::until("the question", SOON, || async {
        let got = got(&first, &number)?;
        ensure!(got.len() <= 1, "one question: {got:?}");
        Ok(got.first().filter(|text| text.contains("waar is het")).map(|_| ()))
    })
    .await?;
    phone.kill().await?;
    let _phone = network(&smsc, &format!("{number} 8850 text Markt+1"), &second)?;
    let text = wait::until("the number", SOON, || async {
        Ok(got(&second, &number)?.into_iter().find(|text| text.contains("ontvangen")))
    })
    .await?;
    // Eight digits, in two groups.
    let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 4).collect();
    let reference = digits.windows(2).map(|pair| pair.concat()).find(|reference| {
        fleet.run(&["notices", "why", reference, "--json"]).is_ok_and(|said| said.contains("\"received\""))
    });
    let reference = reference.with_context(|| format!("a number in {text}"))?;
    ensure!(fleet.run(&["notices", "why", &reference, "--json"])?.contains("\"sms\""), "told by text message");
    fleet.stop("hub").await?;
    Ok(())
}
