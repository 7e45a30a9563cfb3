//! A broadcast to a whole city: everybody has a place in it and a mail address that they proved. From the approval to
//! the last mail at the other side.

use super::{
    ground::{Ground, mail_to},
    sinks::{Sink, mail_of},
};
use crate::bench::{Row, Run};
use anyhow::{Context as _, ensure};
use notifier::broadcasts::{Broadcasts, Refused};
use schemas::{
    Uuid,
    broadcast::{Audience, Draft, Words},
    id::derived,
    person::{KnownAddress, OwnPlace, Person, Rhythm},
    place::Point,
    report::Language,
    way::Address,
};
use serde_json::json;
use store::Store;
use tokio_util::sync::CancellationToken;

/// Connections of the mail sender, as a new configuration has it.
const CONNECTIONS: usize = 4;
/// A square around everybody.
const SQUARE: [[f64; 2]; 5] = [[3.0, 50.0], [4.0, 50.0], [4.0, 51.0], [3.0, 51.0], [3.0, 50.0]];

/// How long 100,000 people take, and how many mails that is per second.
pub async fn rows(quick: bool) -> anyhow::Result<Vec<Row>> {
    let count = if quick { 5_000 } else { 100_000 };
    let sink = Sink::default();
    let config = json!({"mail": mail_to(&sink, CONNECTIONS).await?});
    let ground = Ground::open(&config).await?;
    people(&ground.store, count).await?;
    let broadcasts = Broadcasts::new(&ground.store, &ground.city, ground.senders.names(), notifier::Rates::new());
    let words = Words { subject: "Geen water".into(), text: "Wij werken aan de leiding.\n\n".repeat(20), short: None };
    let audience = Audience { drawn: vec![vec![SQUARE.to_vec()]], ..Audience::default() };
    let draft = Draft { words: [(Language::NL, words)].into(), audience, critical: false, at: None };
    let said = |refused: Refused| anyhow::Error::msg(refused.to_string());
    let written = broadcasts.draft(&draft, "An").await.map_err(said)?;
    let stop = CancellationToken::new();
    let (planning, sending) = (ground.plan(&stop).await?, ground.send("mail", &stop).await?);
    let run = Run::start();
    broadcasts.approve(&written, "Bo", count as u64).await.map_err(said)?;
    sink.wait_for(count).await;
    let run = run.end(count);
    stop.cancel();
    planning.await?;
    sending.await?;
    ensure!(ground.sent().await? == count, "not every message was recorded");
    ensure!(sink.taken() == count, "the other side has {} messages instead of {count}", sink.taken());
    let told = ground.store.broadcasts_by_ids(&[written.id]).await?.remove(&written.id).context("it is kept")?;
    ensure!(told.heads.planned == count as u64, "{} people were planned", told.heads.planned);
    ground.close().await;
    let minutes = 100_000.0 / run.rate;
    Ok(vec![Row::alone("notify: a broadcast to 100,000 people by mail, from its approval", minutes, "s", "< 120")])
}

/// So many people within the square.
async fn people(store: &Store, count: usize) -> anyhow::Result<()> {
    let (keys, now) = (store.address_keys().await?, store.clock().now());
    let all: Vec<usize> = (0..count).collect();
    for some in all.chunks(500) {
        let mut tx = store.begin().await?;
        for n in some {
            let id: Uuid = derived(&["bench person", &n.to_string()]);
            let (language, rhythm) = (Language::NL, Rhythm::AtOnce);
            let (token, made_at) = (id.to_string(), now);
            tx.put_person(&Person { id, token, name: None, language, quiet: None, rhythm, made_at }).await?;
            let address = Address::Email(mail_of(*n));
            let key = keys.of(&address);
            tx.put_address(&KnownAddress { person: id, address, key, rank: 0, verified_at: Some(now) }).await?;
            let spread = *n as f64 / count as f64;
            let point = Point { lat: 50.0 + spread.clamp(0.001, 0.999), lon: 3.5 };
            let place = derived(&["bench place", &n.to_string()]);
            tx.put_place(&OwnPlace {
                id: place,
                person: id,
                label: None,
                point,
                street: None,
                patch: None,
                since: now,
            })
            .await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
