//! Text messages, over HTTP or SMPP to whatever gateways the city has a contract with. When one certainly did not
//! take a message, the next one gets it at once.
//!
//! No gateway takes a key by which it would know a second copy again, and a copy costs money. So whatever
//! may have arrived is [`Verdict::Unknown`] and waits for its receipt ([`Hooks`]); only what certainly did
//! not arrive is tried again.

mod config;
mod ear;
mod hook;
mod pool;
mod profile;
mod reading;
mod request;
pub mod smpp;
pub mod text;

pub use config::SmsConfig;
pub use hook::{Hooks, Taken};
pub use profile::Profile;
pub use reading::Call;

use super::{Parcel, Question, Sender};
use async_trait::async_trait;
use bus::{Breaker, LaneSettings, Retry, UnknownPolicy, http};
use ear::Ear;
use futures_util::future::join_all;
use pool::{Line, Member};
use request::Gateway;
use schemas::{
    Uuid,
    city::City,
    id::Clock,
    notice::Heard,
    verdict::{Fault, Verdict},
    way::Address,
};
use smpp::Session;
use std::time::Duration;
use store::{ProviderNumber, Store};
use tokio_util::sync::CancellationToken;

/// The name of this sender.
pub const NAME: &str = "sms";

/// A message that comes days late frightens more than it tells; then the next way is better.
const GIVE_UP_AFTER: Duration = Duration::from_hours(12);

/// Sends text messages.
pub struct Sms {
    gateways: Vec<Member>,
    /// What takes in what comes over the session of each gateway that has one; the number is the gateway's.
    ears: Vec<(usize, Ear)>,
    http: http::Client,
    clock: Clock,
    at_once: usize,
}

impl Sms {
    /// A sender by the `gateways`, of which there must be one at least. The error is a sentence that names the
    /// wrong setting. Nothing is connected yet.
    pub fn build(gateways: &[SmsConfig], http: http::Client, clock: Clock) -> Result<Self, String> {
        if let Some(wrong) = SmsConfig::check_all(gateways).into_iter().next() {
            return Err(wrong);
        }
        let member = |config: &SmsConfig| {
            if config.is_smpp() {
                return Ok(Member::new(config, Line::Smpp(Box::new(Session::build(config)?)), config.patience()));
            }
            let profile = config.profile().ok_or("sms.profile: there is no such profile")?;
            let receipt_within = config.receipt_within(&profile);
            Ok(Member::new(config, Line::Http(Box::new(Gateway::new(config, profile))), receipt_within))
        };
        Ok(Self {
            at_once: gateways.iter().map(|config| config.at_once).sum(),
            gateways: gateways.iter().map(member).collect::<Result<_, String>>()?,
            ears: Vec::new(),
            http,
            clock,
        })
    }

    /// The same, hearing over its sessions what becomes of messages, and what people of `city` answer.
    #[must_use]
    pub fn hearing(mut self, city: &City, store: &Store) -> Self {
        let ear = |(n, member): (usize, &Member)| {
            matches!(member.line, Line::Smpp(_)).then(|| (n, Ear::new(&member.name, member.door, city, store)))
        };
        self.ears = self.gateways.iter().enumerate().filter_map(ear).collect();
        self
    }

    /// The gateway that took the message of a `receipt`, and what it said.
    fn taken<'r>(&self, receipt: &'r str) -> Option<(&Member, &'r str)> {
        let (name, said) = receipt.split_once(": ")?;
        Some((self.gateways.iter().find(|member| member.name == name)?, said))
    }

    /// The gateways that may know what became of the message of a `receipt`, each with its number of it where that is
    /// known; where there is no receipt, whichever can be asked by our own.
    fn askable<'r>(&self, receipt: Option<&'r str>) -> Vec<(&Member, &Gateway, Option<&'r str>)> {
        let taken = receipt.map(|receipt| self.taken(receipt));
        let of = |member: &'_ Member| match taken {
            None => Some(None),
            Some(taken) => taken.filter(|(by, _)| by.name == member.name).map(|(_, said)| request::number_in(said)),
        };
        let gateways = self.gateways.iter().filter_map(|member| match &member.line {
            Line::Http(gateway) => Some((member, &**gateway, of(member)?)),
            // Nothing that speaks SMPP here can say query_sm.
            Line::Smpp(_) => None,
        });
        gateways.filter(|(_, gateway, number)| gateway.can_ask(number.is_some())).collect()
    }

    /// Asks one gateway what became of a message that it calls `number`.
    async fn ask_one(
        &self,
        member: &Member,
        gateway: &Gateway,
        (notice, to, number): (Uuid, &str, Option<&str>),
    ) -> Result<Option<Heard>, String> {
        let now = self.clock.now();
        if member.asks_nothing(now) {
            return Err(format!(
                "{} did not answer such questions of late, and is left alone for a while",
                member.name
            ));
        }
        let Some(call) = gateway.question(&self.http, to, notice, number) else { return Ok(None) };
        let said = match call?.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                gateway.said_of_it(status, &http::head(answer).await)
            }
            Err(error) => Err(format!("the SMS gateway could not be asked: {}", error.without_url())),
        };
        member.note_answer(said.is_ok(), now);
        let heard = |(state, why)| Heard {
            notice: Some(notice),
            provider: member.name.clone(),
            number: number.map(str::to_owned),
            state,
            why: Some(why),
            at: now,
        };
        said.map(|said| said.map(heard))
    }

    /// How long `member` may take for one message.
    fn patience(&self, member: &Member) -> Duration {
        match member.line {
            Line::Http(_) => self.http.timeout(),
            Line::Smpp(_) => smpp::PATIENCE,
        }
    }

    /// Hands `sms` for `to` to one gateway.
    async fn hand_in(&self, member: &Member, to: &str, sms: &text::Sms, notice: Uuid) -> Verdict {
        let gateway = match &member.line {
            Line::Http(gateway) => gateway,
            Line::Smpp(session) => return session.hand_in(to, sms, notice).await,
        };
        let call = match gateway.request(&self.http, to, sms, notice) {
            Ok(call) => call,
            Err(why) => return Verdict::never(Fault::Ours, why),
        };
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => return http::verdict(&error.without_url()),
        };
        let status = answer.status().as_u16();
        let pause = http::retry_after(answer.headers(), self.clock.now());
        let body = http::head(answer).await;
        gateway.judge(status, pause, &body, sms.parts)
    }
}

/// Euro as millionths of one.
fn micros(euro: f64) -> i64 {
    // `check` lets 0 to 10 through.
    (euro * 1_000_000.0).round() as i64
}

#[async_trait]
impl Sender for Sms {
    async fn send(&self, parcel: &Parcel) -> Verdict {
        let Address::Sms(to) = &parcel.to else {
            return Verdict::never(Fault::Ours, "this is not the number of a mobile telephone");
        };
        let (mut last, mut wait) = (None, None::<Duration>);
        for member in pool::in_turn(&self.gateways, parcel.notice) {
            let now = self.clock.now();
            // Alone it is asked all the same: the lane has a breaker of its own.
            let out = member.out_for(now).filter(|_| self.gateways.len() > 1);
            let sms = member.encode(&parcel.short);
            if let Some(no_room_for) = out.or_else(|| member.take_room(sms.parts).err()) {
                wait = Some(wait.map_or(no_room_for, |wait| wait.min(no_room_for)));
                continue;
            }
            let verdict = self.hand_in(member, to, &sms, parcel.notice).await;
            member.note(&verdict, now);
            match verdict {
                // It has no copy for certain, so another may get it.
                Verdict::Later { .. } | Verdict::Never { fault: Fault::Ours, .. } => {
                    if self.gateways.len() > 1 {
                        metrics::counter!("voordeur_sms_failovers_total", "provider" => member.name.clone())
                            .increment(1);
                    }
                    last = Some(verdict);
                }
                Verdict::Done { receipt } => {
                    let said = receipt.unwrap_or_default();
                    return Verdict::receipt(format!("{}: {said}", member.name));
                }
                verdict => return verdict,
            }
        }
        match (last, wait) {
            // One that is full or out may take it soon, whatever the others said.
            (None | Some(Verdict::Never { .. }), Some(wait)) => {
                Verdict::slow_down(wait, "every SMS gateway is down or has no room in this minute")
            }
            (Some(verdict), _) => verdict,
            (None, None) => Verdict::never(Fault::Ours, "there is no SMS gateway"),
        }
    }

    fn lane(&self) -> LaneSettings {
        LaneSettings {
            concurrency: self.at_once,
            retry: Retry { first: Duration::from_secs(30), max: Duration::from_mins(30), give_up_after: GIVE_UP_AFTER },
            unknown: UnknownPolicy::WaitForReceipt,
            // Longer than the clients' own time-outs, which know better what happened.
            deadline: self.gateways.iter().map(|member| self.patience(member)).sum::<Duration>()
                + Duration::from_secs(5),
            ..LaneSettings::default()
        }
    }

    fn numbers(&self, notice: Uuid, receipt: &str) -> Vec<ProviderNumber> {
        let Some((member, said)) = self.taken(receipt) else { return Vec::new() };
        let Some(number) = request::number_in(said) else { return Vec::new() };
        let of = |number: &str| ProviderNumber { provider: member.name.clone(), number: number.to_owned(), notice };
        match &member.line {
            Line::Http(gateway) if gateway.names_our_notice() => Vec::new(),
            Line::Http(_) => vec![of(number)],
            // One for each part.
            Line::Smpp(_) => number.split(' ').map(of).collect(),
        }
    }

    fn cost(&self, receipt: &str) -> Option<i64> {
        let (member, said) = self.taken(receipt)?;
        Some(member.price_per_part? * i64::try_from(request::parts_in(said)?).ok()?)
    }

    fn asking(&self) -> Option<LaneSettings> {
        let asked = self.gateways.iter().filter(|member| match &member.line {
            Line::Http(gateway) => gateway.can_ask(true),
            Line::Smpp(_) => false,
        });
        let patience: Duration = asked.map(|member| self.patience(member)).sum();
        (!patience.is_zero()).then(|| LaneSettings {
            concurrency: self.at_once,
            // Each gateway has its own: while one answers no questions, nobody waits longer to be told another way.
            breaker: Breaker { failures: 0, ..Breaker::default() },
            unknown: UnknownPolicy::WaitForReceipt,
            deadline: patience + Duration::from_secs(5),
            ..LaneSettings::default()
        })
    }

    fn can_ask(&self, receipt: Option<&str>) -> bool {
        !self.askable(receipt).is_empty()
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Vec<Heard>, String> {
        let Address::Sms(to) = question.to else { return Ok(Vec::new()) };
        let mut failed = None;
        for (member, gateway, number) in self.askable(question.receipt) {
            match self.ask_one(member, gateway, (question.notice, to, number)).await {
                // It has it, so no other has.
                Ok(Some(heard)) => return Ok(vec![heard]),
                Ok(None) => {}
                Err(why) => failed = Some(why),
            }
        }
        failed.map_or(Ok(Vec::new()), Err)
    }

    fn listens(&self) -> bool {
        !self.ears.is_empty()
    }

    async fn listen(&self, stop: CancellationToken) {
        let sessions = self.ears.iter().filter_map(|(n, ear)| match &self.gateways.get(*n)?.line {
            Line::Smpp(session) => Some(session.run(ear, &stop)),
            Line::Http(_) => None,
        });
        join_all(sessions).await;
    }

    fn receipt_within(&self, receipt: Option<&str>) -> Option<Duration> {
        match receipt.and_then(|receipt| self.taken(receipt)) {
            Some((member, _)) => member.receipt_within,
            // Nobody knows which of them has it: the slowest may still say so.
            None => self.gateways.iter().filter_map(|member| member.receipt_within).max(),
        }
    }
}

#[cfg(test)]
mod tests;
