//! A played department that fetches its work: from its own queues on RabbitMQ with its own user, or
//! over HTTP with a long poll where the city runs without a broker.

use super::{Play, Reception, say::problem};
use crate::failure::{Advise as _, Failure};
use anyhow::Context as _;
use bus::department::{Line, Work};
use reqwest::StatusCode;
use schemas::dispatch::{Dispatch, Update};
use secrecy::ExposeSecret as _;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How long after a connection broke another is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// Plays it until told to stop.
pub async fn play(play: Play) -> anyhow::Result<()> {
    match play.broker.clone() {
        Some(_) => over_amqp(play).await,
        None => over_http(play).await,
    }
}

/// Consumes its queues; a connection that is gone is opened again.
async fn over_amqp(play: Play) -> anyhow::Result<()> {
    let options = play.broker.clone().context("a broker was named")?;
    let department = play.department.clone();
    let open = async || Line::open(&options, &department).await;
    let first = open().await.advise(
        format!("the queues of {department} cannot be read on RabbitMQ"),
        "see that the broker runs, that `voordeur broker definitions` was imported, and that the user of --amqp is \
         this department's own (`voordeur broker users`)",
    )?;
    first.close().await;
    play.rest().await;
    let (said, mut to_say) = mpsc::unbounded_channel();
    let play = Play { updates: Some(said), ..play };
    play.hops.note("up", &format!("consuming on RabbitMQ, {}", play.desk.behaviour()));
    let mut unsaid: Option<Update> = None;
    while !play.stop.is_cancelled() {
        let mut line = match open().await {
            Ok(line) => line,
            Err(error) => {
                play.hops.note("away", &error.to_string());
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        loop {
            // An update that the broker did not confirm is said again on the next connection.
            if let Some(update) = unsaid.take() {
                let sent = line.say(&update).await;
                let outcome = sent.as_ref().map_or_else(ToString::to_string, |()| "published".to_owned());
                play.hops.said(update.dispatch, update.say.word(), Some(&update.id), &outcome);
                if sent.is_err() {
                    unsaid = Some(update);
                    tokio::time::sleep(PAUSE).await;
                    break;
                }
            }
            tokio::select! {
                () = play.stop.cancelled() => break,
                update = to_say.recv() => unsaid = update,
                work = line.next() => match work {
                    Some(work) => {
                        if !receive(&play, work).await {
                            break;
                        }
                    }
                    None => {
                        play.hops.note("away", "the connection to RabbitMQ is gone");
                        break;
                    }
                },
            }
        }
        line.close().await;
    }
    Ok(())
}

/// One piece of work of a queue. `false`: the connection is to be dropped, as by a crash.
async fn receive(play: &Play, work: Work) -> bool {
    let queue = if work.urgent { "urgent queue" } else { "queue" };
    let dispatch = match &work.dispatch {
        Ok(dispatch) => dispatch.clone(),
        Err(why) => {
            play.hops.refused("message", &format!("unreadable: {why}"));
            return work.keep().await.is_ok();
        }
    };
    let arrival = play.desk.arrives(dispatch.id);
    let word = if arrival.is_new { "taken" } else { "known" };
    let shown = |outcome: &str| {
        play.hops.came(&dispatch, arrival.times, arrival.receipt.as_deref(), &format!("{outcome}, {queue}"));
    };
    match arrival.reception {
        Reception::Busy(_) | Reception::Broken => {
            shown("given back");
            tokio::time::sleep(PAUSE).await;
            return work.give_back().await.is_ok();
        }
        Reception::Take => shown(word),
        Reception::TakeAfter(late) => {
            tokio::time::sleep(late).await;
            shown(&format!("{word} after {late:?}"));
        }
        Reception::TakeAndHang => shown(&format!("{word}, and not acknowledged")),
    }
    if arrival.is_new {
        play.begin(dispatch, arrival.receipt.unwrap_or_default());
    }
    arrival.reception != Reception::TakeAndHang && work.keep().await.is_ok()
}

/// Fetches by long poll; what is not acknowledged comes again when the hub's lease is over.
async fn over_http(play: Play) -> anyhow::Result<()> {
    // With the token, not signed: the token is what fetches.
    let play = Play { key: None, ..play };
    play.introduce().await?;
    play.rest().await;
    play.hops.note("up", &format!("fetching from {}, {}", play.hub, play.desk.behaviour()));
    let play = Arc::new(play);
    while !play.stop.is_cancelled() {
        match fetch(&play).await {
            Ok(work) => {
                for dispatch in work {
                    receive_fetched(&play, dispatch).await;
                }
            }
            Err(error) if error.is::<Failure>() => return Err(error),
            Err(error) => {
                play.hops.note("away", &format!("{error:#}"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(())
}

async fn fetch(play: &Play) -> anyhow::Result<Vec<Dispatch>> {
    let token = play.token.as_ref().context("the hub was asked with it")?;
    let url = play.at(&format!("/api/v1/departments/{}/work?wait=20&max=10", play.department))?;
    let answer = play.http.get(&url)?.bearer_auth(token.expose_secret()).send().await.context("the hub is away")?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Err(Failure::new(
            format!("there is no work to fetch over HTTP: {}", problem(answer).await),
            "name the broker with --amqp amqp://user:password@host/vhost, as this department's own user",
        )
        .into());
    }
    let mut answer: serde_json::Value = answer.error_for_status()?.json().await?;
    serde_json::from_value(answer["work"].take()).context("the work comes as {\"work\": [dispatch, …]}")
}

async fn receive_fetched(play: &Play, dispatch: Dispatch) {
    let arrival = play.desk.arrives(dispatch.id);
    let word = if arrival.is_new { "taken" } else { "known" };
    let outcome = match arrival.reception {
        Reception::Take => word.to_owned(),
        Reception::TakeAfter(late) => {
            tokio::time::sleep(late).await;
            format!("{word} after {late:?}")
        }
        Reception::TakeAndHang => format!("{word}, and not acknowledged"),
        Reception::Busy(_) | Reception::Broken => "not kept, not acknowledged".to_owned(),
    };
    play.hops.came(&dispatch, arrival.times, arrival.receipt.as_deref(), &outcome);
    let id = dispatch.id;
    if arrival.is_new {
        play.begin(dispatch, arrival.receipt.unwrap_or_default());
    }
    if matches!(arrival.reception, Reception::Take | Reception::TakeAfter(_)) {
        // Kept is kept: the hub hears of it when it is back.
        while let Err(error) = acknowledge(play, id).await {
            play.hops.said(id, "ack", None, &format!("{error:#}"));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn acknowledge(play: &Play, id: schemas::Uuid) -> anyhow::Result<()> {
    let token = play.token.as_ref().context("the hub was asked with it")?;
    let url = play.at(&format!("/api/v1/departments/{}/work/ack", play.department))?;
    let body = serde_json::json!({ "ids": [id] });
    let answer = play.http.post(&url)?.bearer_auth(token.expose_secret()).json(&body).send().await?;
    let status = answer.status();
    if !status.is_success() {
        anyhow::bail!("{status} {}", problem(answer).await);
    }
    play.hops.said(id, "ack", None, status.as_str());
    Ok(())
}
