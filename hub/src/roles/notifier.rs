//! The role that tells people: plans notices, and has one lane per sender.

use super::{Built, Ground, edge, effects};
use crate::{
    config::{Config, Sms},
    failure::Failure,
    supervise::{Stage, Task},
};
use notifier::{AskWorker, NoticeLinks, PlanWorker, Rates, SendWorker, SenderConfig, Senders, retention};
use schemas::letter::Lane;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Plans notices and sends them.
pub async fn notifier(ground: &Ground) -> anyhow::Result<Built> {
    let config = sender_config(&ground.config, &ground.public_url);
    let wrong = |message: String| {
        Failure::usage(message, "see [mail], [sms], [push], [letters] and [calls] in deploy/voordeur.toml")
    };
    let misplaced = ground.config.sms.as_ref().and_then(Sms::misplaced);
    if let Some(fault) = misplaced.into_iter().chain(config.check(&ground.town.city)).next() {
        return Err(wrong(fault).into());
    }
    let links = NoticeLinks::new(ground.notice_tokens.clone(), &ground.public_url);
    let senders = Senders::build(&config, &ground.town.city, &ground.store, &links).map_err(wrong)?;
    let (city, templates) = (ground.town.city.clone(), ground.town.templates.clone());
    let rates = rates(&ground.config);
    let plan = PlanWorker::new(ground.store.clone(), city, senders.names(), templates).await?.paced(rates.clone());
    let plan = Arc::new(plan);
    let mut tasks = vec![effects(ground, Lane::notifier(), Stage::Work, plan)];
    for name in senders.names() {
        let Some(sender) = senders.get(name) else { continue };
        if sender.listens() {
            let sender = sender.clone();
            // Until the last parcel is out.
            tasks.push(Task::new(format!("{name}.line"), Stage::Carry, move |stop| {
                let sender = sender.clone();
                async move {
                    sender.listen(stop).await;
                    Ok(())
                }
            }));
        }
        let town = &ground.town;
        let mut settings = sender.lane();
        if let Some(mut settings) = sender.asking() {
            settings.rate_per_second = rates.get(name).copied();
            let worker = AskWorker::new(ground.store.clone(), town.city.clone(), sender.clone());
            tasks.push(edge(ground, Lane::asking(name), Arc::new(worker), settings));
        }
        let worker = SendWorker::new(
            ground.store.clone(),
            town.city.clone(),
            town.templates.clone(),
            &ground.public_url,
            sender,
        )
        .await?;
        if let Some(rate) = rates.get(name) {
            settings.rate_per_second = Some(*rate);
        }
        tasks.push(edge(ground, Lane::sender(name), Arc::new(worker), settings));
    }
    let (store, terms) = (ground.store.clone(), ground.config.retention.terms());
    let templates = ground.town.templates.clone();
    tasks.push(Task::new("retention", Stage::Work, move |stop: CancellationToken| {
        let (store, templates) = (store.clone(), templates.clone());
        async move {
            while !stop.is_cancelled() {
                retention::tidy(&store, &terms, &templates).await;
                // A term is counted in days.
                tokio::time::timeout(Duration::from_secs(3600), stop.cancelled()).await.ok();
            }
            Ok(())
        }
    }));
    Ok(Built { tasks, senders: Some(senders) })
}

/// How many notices each sender may hand over per second and process, as far as the configuration bounds that.
pub fn rates(config: &Config) -> Rates {
    let of = [
        ("mail", config.mail.as_ref().and_then(|mail| mail.rate_per_second)),
        ("sms", config.sms.as_ref().and_then(|sms| sms.rate_per_second)),
        ("push", config.push.as_ref().and_then(|push| push.rate_per_second)),
    ];
    of.into_iter().filter_map(|(name, rate)| Some((name, rate?))).collect()
}

/// The senders of the configuration, in an installation that residents see at `public_url`.
pub fn sender_config(config: &Config, public_url: &str) -> SenderConfig {
    SenderConfig {
        mail: config.mail.as_ref().map(|mail| mail.sender(config.mailbox.as_ref(), config.lmtp.as_ref())),
        sms: config.gateways(public_url),
        push: config.push.as_ref().map(|push| push.sender(public_url)),
        letters: config.letters.as_ref().map(|letters| letters.sender()),
        desk: config.calls.as_ref().map(|calls| calls.sender()).unwrap_or_default(),
        magic: config.sandbox.magic,
        http: config.http.client(),
    }
}
