//! Three people report the same and a fourth follows one of them: merged, updated, solved, contested and taken apart again,
//! through a whole hub, counting every inbox.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tests::{
    fleet::{Fleet, free_port},
    load, town, wait,
};

const PATIENCE: Duration = Duration::from_secs(60);

struct Hub {
    port: u16,
}

/// A report as its sender knows it.
struct Known {
    reference: String,
    token: String,
}

impl Hub {
    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn report(&self, words: &str, more: Value) -> anyhow::Result<Known> {
        let mut body = json!({"category": "straat/queue", "words": words, "language": "nl",
            "place": {"address": "Marktplein 1"}});
        for (name, value) in more.as_object().context("fields")? {
            body[name] = value.clone();
        }
        let answer = load::client()?.post(self.url("/api/v1/reports")).json(&body).send().await?.error_for_status()?;
        let kept: Value = answer.json().await?;
        let text = |name: &str| kept[name].as_str().map(str::to_owned).with_context(|| format!("{name} in {kept}"));
        let token = text("tracking_url")?.rsplit('/').next().context("a token")?.to_owned();
        let known = Known { reference: text("reference")?, token };
        wait::until("the case", PATIENCE, || async {
            Ok((self.case(&known).await?["status"] == "routed").then_some(()))
        })
        .await?;
        Ok(known)
    }

    async fn case(&self, known: &Known) -> anyhow::Result<Value> {
        let path = format!("/api/v1/cases/{}", known.token);
        Ok(load::client()?.get(self.url(&path)).send().await?.error_for_status()?.json().await?)
    }

    /// The department says this of a case.
    async fn say(&self, known: &Known, id: &str, say: Value) -> anyhow::Result<()> {
        let digits: String = known.reference.chars().filter(char::is_ascii_digit).collect();
        let path = format!("/api/v1/departments/wachtrij/cases/{digits}/updates");
        let body = json!({"id": id, "say": say});
        let call = load::client()?.post(self.url(&path)).bearer_auth(town::TOKEN).json(&body);
        let answer = call.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if status.is_success() { Ok(()) } else { bail!("{path}: {status} {text}") }
    }

    /// Where a form of our own page sends on to.
    async fn press(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let body = reqwest::Url::parse_with_params("http://form.example/", fields)?;
        let body = body.query().unwrap_or_default().to_owned();
        let form = load::client()?.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded");
        let answer = form.header("sec-fetch-site", "same-origin").body(body).send().await?;
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
        match to {
            Some(to) => Ok(to),
            None => bail!("{path}: {} {}", answer.status(), answer.text().await?),
        }
    }

    /// The letters of the sandbox: the page of each, and to whom.
    async fn letters(&self) -> anyhow::Result<Vec<(String, String)>> {
        let html = load::client()?.get(self.url("/sandbox/letterbox")).send().await?.text().await?;
        let letters = html.split("class=\"letter\" href=\"").skip(1).map(|rest| {
            let href = rest.split('"').next().unwrap_or_default().to_owned();
            let to = rest.split("</strong><span>").nth(1).and_then(|rest| rest.split("</span>").next());
            (href.replace("&#x3D;", "="), to.unwrap_or_default().to_owned())
        });
        Ok(letters.collect())
    }

    /// How many messages each got, once there are so many more than `since`.
    async fn inboxes(&self, since: &mut usize, count: usize) -> anyhow::Result<BTreeMap<String, usize>> {
        let want = *since + count;
        let letters = wait::until(&format!("{want} messages"), PATIENCE, || async {
            Ok(Some(self.letters().await?).filter(|letters| letters.len() >= want))
        })
        .await?;
        let mut inboxes = BTreeMap::new();
        for (_, to) in &letters[..letters.len() - *since] {
            *inboxes.entry(to.clone()).or_default() += 1;
        }
        *since = letters.len();
        Ok(inboxes)
    }

    /// Follows the public page of a case with this address, to the end.
    async fn follow(&self, known: &Known, address: &str) -> anyhow::Result<()> {
        let digits: String = known.reference.chars().filter(char::is_ascii_digit).collect();
        self.press(&format!("/nl/case/{digits}"), &[("address", address)]).await?;
        let href = wait::until("the mail with the link", PATIENCE, || async {
            Ok(self.letters().await?.into_iter().find(|(_, to)| to == address).map(|(href, _)| href))
        })
        .await?;
        let mail = load::client()?.get(self.url(&href)).send().await?.text().await?;
        let mut links = mail.split("http://voordeur.example").skip(1);
        let link = links.find(|rest| rest.starts_with("/nl/proven/")).context("a link")?;
        let link: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        self.press(&link, &[]).await?;
        Ok(())
    }
}

fn each(recipients: &[&str]) -> BTreeMap<String, usize> {
    recipients.iter().map(|to| ((*to).to_owned(), 1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_who_report_the_same_and_who_follows_hear_each_step_once() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    town::write(&dir.path().join("town"), "http://127.0.0.1:9/nowhere")?;
    let url = format!("sqlite:{}", dir.path().join("hub.db").display());
    let config = town::Config { database: &url, broker: None, smtp: None };
    let toml = config.toml(dir.path()).replace("rate_per_minute = 0", "rate_per_minute = 0\nproofs_per_hour = 0");
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let hub = Hub { port };

    let mail = json!({"contact": {"email": "an@example.org"}, "tell": "email"});
    let main = hub.report("De lamp is stuk", mail).await?;
    let sms = json!({"contact": {"phone": "0470 12 34 56"}, "tell": "sms"});
    let texted = hub.report("Geen licht hier", sms).await?;
    let silent = hub.report("Lamp kapot", json!({})).await?;
    hub.follow(&silent, "bo@example.org").await?;
    // Received and routed, to two people; and the proof.
    let mut since = 0;
    let first = hub.inboxes(&mut since, 5).await?;
    assert_eq!(first.values().sum::<usize>(), 5, "{first:?}");

    // People read references in two groups.
    let near = fleet.run(&["cases", "near", &main.reference])?.replace(' ', "");
    assert!(near.contains(&texted.reference) && near.contains(&silent.reference), "{near}");
    let merge =
        ["cases", "merge", &texted.reference, &silent.reference, "--into", &main.reference, "--by", "An Peeters"];
    fleet.run(&merge)?;
    assert_eq!(hub.inboxes(&mut since, 2).await?, each(&["+32470123456", "bo@example.org"]));
    let again = fleet.run(&merge)?;
    assert!(again.contains("already"), "{again}");
    let shown = hub.case(&texted).await?;
    assert_eq!((&shown["status"], &shown["merged_into"]), (&json!("duplicate"), &json!(main.reference)));
    // The department has the work once.
    let seen = Mutex::new(0);
    wait::until("the withdrawals", PATIENCE, || async {
        let path = hub.url("/api/v1/departments/wachtrij/work?max=100");
        let work = load::client()?.get(path).bearer_auth(town::TOKEN).send().await?.text().await?;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What was fetched is ours for a while, and does not come again.
        *seen += work.matches("\"merged\"").count();
        Ok((*seen == 2).then_some(()))
    })
    .await?;

    let everybody = ["an@example.org", "+32470123456", "bo@example.org"];
    hub.say(&main, "1", json!({"what": "accept"})).await?;
    hub.say(&main, "2", json!({"what": "done", "text": "Nieuwe lamp"})).await?;
    assert_eq!(hub.inboxes(&mut since, 3).await?, each(&everybody));
    hub.press(&format!("/nl/t/{}/contest", silent.token), &[("words", "Hij brandt nog niet")]).await?;
    // Open again, and with the department again.
    let twice: BTreeMap<String, usize> = everybody.iter().map(|to| ((*to).to_owned(), 2)).collect();
    assert_eq!(hub.inboxes(&mut since, 6).await?, twice);
    let page = load::client()?.get(hub.url(&format!("/nl/t/{}", main.token))).send().await?.text().await?;
    assert!(!page.contains("Hij brandt nog niet"), "what one writes is not for the other: {page}");

    fleet.run(&["cases", "split", &texted.reference, "--by", "Bo"])?;
    // It is a case of its own again, and with the department.
    let mut own = BTreeMap::new();
    own.insert("+32470123456".to_owned(), 2);
    assert_eq!(hub.inboxes(&mut since, 2).await?, own);
    hub.say(&main, "3", json!({"what": "done"})).await?;
    assert_eq!(hub.inboxes(&mut since, 2).await?, each(&["an@example.org", "bo@example.org"]));
    let refused = fleet.run(&["cases", "merge", &main.reference, "--into", &silent.reference, "--by", "An"]);
    assert!(refused.is_err_and(|error| error.to_string().contains("split it first")), "a circle");
    fleet.stop("hub").await
}
