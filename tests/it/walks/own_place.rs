//! Somebody adds their street and hears what the city tells that street: through a whole hub, from the form to the mailbox.

use anyhow::{Context as _, bail};
use std::{path::Path, time::Duration};
use tests::{
    fleet::{Fleet, free_port},
    load,
    smtp_sink::{SmtpSink, Switches},
    wait,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A browser on our own pages.
struct Browser<'a> {
    port: u16,
    sink: &'a SmtpSink,
}

impl Browser<'_> {
    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<reqwest::Response> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let body = reqwest::Url::parse_with_params("http://form.example/", fields)?;
        let body = body.query().unwrap_or_default().to_owned();
        let form = load::client()?.post(url).header("content-type", "application/x-www-form-urlencoded");
        Ok(form.header("sec-fetch-site", "same-origin").body(body).send().await?)
    }

    /// What the page says that a form leads to.
    async fn page(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        Ok(self.send(path, fields).await?.text().await?)
    }

    /// Where a form sends on to.
    async fn press(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = self.send(path, fields).await?;
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
        match to {
            Some(to) => Ok(to),
            None => bail!("{path}: {} {}", answer.status(), answer.text().await?),
        }
    }

    /// Asks for something at this address, and presses the button behind the link in the mail; the path of their choices.
    async fn prove(&self, address: &str, asked: &[(&str, &str)]) -> anyhow::Result<String> {
        let fields: Vec<(&str, &str)> =
            asked.iter().copied().chain([("address", address), ("language", "nl")]).collect();
        let page = self.press("/nl/follow", &fields).await?;
        assert!(page.starts_with("/nl/prove/"), "{page}");
        let mail = wait::until("the mail with the link", PATIENCE, || async {
            let mails = self.sink.arrived();
            Ok(mails.into_iter().find(|mail| mail.to.iter().any(|to| to == address)))
        })
        .await?;
        let text = mail.data.replace("=\r\n", "");
        let link = text.split("http://voordeur.example").nth(1).context("a link")?;
        let link = link.split_whitespace().next().context("a path")?.to_owned();
        let choices = self.press(&link, &[]).await?;
        Ok(choices.trim_end_matches("?new=1").to_owned())
    }

    /// Adds a place on the page of their choices.
    async fn add_place(&self, choices: &str, words: &str, label: &str) -> anyhow::Result<()> {
        let found = self.page(choices, &[("do", "find_place"), ("place_words", words)]).await?;
        let spot = found.split("name=\"spot\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let spot = spot.with_context(|| format!("{words} is found: {found}"))?;
        let fields = [("do", "add_place"), ("place_words", words), ("spot", spot), ("place_label", label)];
        assert!(self.press(choices, &fields).await?.contains("kept=1"));
        Ok(())
    }
}

/// Drafts what is told to `audience`, has somebody else approve it for so many people.
fn tell(fleet: &Fleet, dir: &Path, subject: &str, audience: &str, people: usize) -> anyhow::Result<()> {
    let text = format!(
        "subject: {{nl: {subject}, fr: {subject}, en: {subject}}}\n\
         text: {{nl: Wij werken., fr: Nous travaillons., en: We work.}}\naudience: {audience}\n"
    );
    let file = dir.join(format!("{subject}.yaml"));
    std::fs::write(&file, text)?;
    let name = file.display().to_string();
    let drafted: serde_json::Value =
        serde_json::from_str(&fleet.run(&["broadcast", "draft", "--file", &name, "--by", "An", "--json"])?)?;
    let number = drafted["reference"].as_str().context("a number")?;
    fleet.run(&["broadcast", "approve", number, "--by", "Bo", "--expect", &people.to_string()])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_street_and_a_drawn_surface_reach_who_has_a_place_there_and_nobody_else() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let sink = SmtpSink::start(Switches::default()).await?;
    // The sample city: its list of streets is what places are found in.
    let toml = format!(
        "[database]\nurl = {:?}\n[web]\nrate_per_minute = 0\nproofs_per_hour = 0\npublic_url = \"http://voordeur.example\"\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        format!("sqlite:{}", dir.path().join("hub.db").display()),
        sink.address().port()
    );
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let browser = Browser { port, sink: &sink };

    // An asks for her street before she proves anything, Bo adds his afterwards, Cé lives elsewhere, and Di follows a topic.
    let [an, bo, ce, di] = ["an", "bo", "ce", "di"].map(|name| format!("{name}@example.org"));
    let place = [("place_words", "rue de buda 12"), ("place_label", "thuis")];
    let found = browser.page("/fr/follow", &[&place[..], &[("do", "find_place"), ("address", "")]].concat()).await?;
    assert!(found.contains("value=\"Rue de Buda 12, 8500 Kortrijk\" checked"), "{found}");
    let asked = [&place[..], &[("spot", "Rue de Buda 12, 8500 Kortrijk")]].concat();
    let choices = browser.prove(&an, &asked).await?;
    let shown = load::client()?.get(format!("http://127.0.0.1:{port}{choices}")).send().await?.text().await?;
    assert!(shown.contains("<strong>thuis</strong><span>Budastraat 12</span>"), "{shown}");
    for (address, words) in [(&bo, "Doorniksewijk 40"), (&ce, "Heuleplaats 1")] {
        let choices = browser.prove(address, &[("topic", "groen")]).await?;
        browser.add_place(&choices, words, "").await?;
    }
    browser.prove(&di, &[("topic", "groen"), ("area", "bellegem")]).await?;

    tell(&fleet, dir.path(), "Straat", "{streets: [Budastraat]}", 1)?;
    std::fs::write(
        dir.path().join("drawn.geojson"),
        r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon",
            "coordinates": [[[3.268, 50.821], [3.272, 50.821], [3.272, 50.824], [3.268, 50.824], [3.268, 50.821]]]}}]}"#,
    )?;
    tell(&fleet, dir.path(), "Getekend", "{polygon: drawn.geojson}", 1)?;
    let told = || {
        let news = sink.arrived().into_iter().filter_map(|mail| {
            let subject =
                mail.header("subject").filter(|subject| ["Straat", "Getekend"].contains(&subject.as_str()))?;
            Some((subject, mail.to.join(",")))
        });
        let mut news: Vec<(String, String)> = news.collect();
        news.sort();
        news
    };
    wait::until("both messages", PATIENCE, || async { Ok((told().len() >= 2).then_some(())) }).await?;
    // A third, to everybody with a place, goes last: what is not there by then never comes.
    tell(&fleet, dir.path(), "Allen", "{districts: [kortrijk, heule, bellegem]}", 4)?;
    wait::until("the last message", PATIENCE, || async {
        let last = sink.arrived().iter().filter(|mail| mail.header("subject").as_deref() == Some("Allen")).count();
        Ok((last == 4).then_some(()))
    })
    .await?;
    assert_eq!(told(), [("Getekend".to_owned(), bo), ("Straat".to_owned(), an)]);
    fleet.stop("hub").await
}

/// Tells the city of something at this point; its reference.
async fn report(port: u16, lat: f64, lon: f64) -> anyhow::Result<String> {
    let body = serde_json::json!({
        "category": "groen/park", "words": "Het perk is vuil.", "language": "nl", "tell": "nothing",
        "place": {"point": {"lat": lat, "lon": lon}},
    });
    let url = format!("http://127.0.0.1:{port}/api/v1/reports");
    let answer = load::client()?.post(url).json(&body).send().await?.error_for_status()?;
    let kept: serde_json::Value = serde_json::from_str(&answer.text().await?)?;
    Ok(kept["reference"].as_str().context("a reference")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_in_what_somebody_drew_is_told_once_and_one_beside_it_is_not() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let sink = SmtpSink::start(Switches::default()).await?;
    let toml = format!(
        "[database]\nurl = {:?}\n[web]\nrate_per_minute = 0\nproofs_per_hour = 0\npublic_url = \"http://voordeur.example\"\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        format!("sqlite:{}", dir.path().join("hub.db").display()),
        sink.address().port()
    );
    let mut fleet = Fleet::new(dir.path(), &toml)?;
    let port = free_port()?;
    fleet.start("hub", "web,router,notifier,adapters", port)?;
    fleet.ready(port).await?;
    let browser = Browser { port, sink: &sink };

    // An draws, Bo wants to hear what happens around a house there, and Cé only what the city writes to that street.
    let [an, bo, ce] = ["an", "bo", "ce"].map(|name| format!("{name}@example.org"));
    let triangle = [("drawn", "3.262,50.826 3.268,50.826 3.268,50.832"), ("drawn_label", "rond de markt")];
    let shown = browser.prove(&an, &triangle).await?;
    let shown = load::client()?.get(format!("http://127.0.0.1:{port}{shown}")).send().await?.text().await?;
    assert!(shown.contains("<strong>rond de markt</strong>") && shown.contains("class=\"sketch\""), "{shown}");
    let street = [("place_words", "Budastraat 12"), ("spot", "Budastraat 12, 8500 Kortrijk")];
    browser.prove(&bo, &[&street[..], &[("place_radius", "1000")]].concat()).await?;
    browser.prove(&ce, &street).await?;

    // In both; in Bo's circle alone, north of the triangle; in neither.
    let both = report(port, 50.8279, 3.2660).await?;
    let north = report(port, 50.8360, 3.2654).await?;
    let far = report(port, 50.8050, 3.2654).await?;
    let news = |to: &str, reference: &str| {
        let mails = sink.arrived().into_iter().filter(|mail| mail.to.iter().any(|one| one == to));
        let mut subjects: Vec<String> = mails.filter_map(|mail| mail.header("subject")).collect();
        subjects.retain(|subject| subject.replace([' ', '\u{a0}'], "").contains(reference));
        subjects.sort();
        subjects
    };
    let reaches = async |to: &str, reference: &str| {
        let subjects = || async { Ok(Some(news(to, reference)).filter(|subjects| !subjects.is_empty())) };
        wait::until(&format!("news of {reference} for {to}"), PATIENCE, subjects).await
    };
    reaches(&an, &both).await?;
    reaches(&bo, &both).await?;
    reaches(&bo, &north).await?;
    // Something later that both hear of: what is not there by then never comes.
    let last = report(port, 50.8281, 3.2662).await?;
    for to in [&an, &bo] {
        reaches(to, &last).await?;
    }
    for (to, reference, is_told) in [
        (&an, &both, true),
        (&an, &north, false),
        (&an, &far, false),
        (&bo, &both, true),
        (&bo, &north, true),
        (&bo, &far, false),
        (&ce, &both, false),
    ] {
        let subjects = news(to, reference);
        let mut once = subjects.clone();
        once.dedup();
        assert_eq!((!subjects.is_empty(), subjects.len()), (is_told, once.len()), "{to} {reference}: {subjects:?}");
    }
    fleet.stop("hub").await
}
