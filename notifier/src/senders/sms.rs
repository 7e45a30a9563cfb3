//! Text messages, over HTTP to whatever gateway the city has a contract with.
//!
//! No gateway takes a key by which it would know a second copy again, and a copy costs money. So whatever
//! may have arrived is [`Verdict::Unknown`] and waits for its receipt ([`Hooks`]); only what certainly did
//! not arrive is tried again.

mod config;
mod hook;
mod profile;
mod reading;
mod request;
pub mod text;

pub use config::SmsConfig;
pub use hook::{Hooks, Taken};
pub use profile::Profile;
pub use reading::Call;

use super::{Parcel, Sender};
use async_trait::async_trait;
use bus::{LaneSettings, Retry, UnknownPolicy, http};
use request::Gateway;
use schemas::{
    Uuid,
    id::Clock,
    verdict::{Fault, Verdict},
    way::Address,
};
use std::time::Duration;
use store::ProviderNumber;

/// The name of this sender.
pub const NAME: &str = "sms";

/// A message that comes days late frightens more than it tells; then the next way is better.
const GIVE_UP_AFTER: Duration = Duration::from_hours(12);

/// Sends text messages through one gateway.
pub struct Sms {
    gateway: Gateway,
    http: http::Client,
    clock: Clock,
    provider: String,
    transliterate: bool,
    /// Millionths of a euro.
    price_per_part: Option<i64>,
    at_once: usize,
    receipt_within: Option<Duration>,
}

impl Sms {
    /// A sender by `config`. The error is a sentence that names the wrong setting. Nothing is connected yet.
    pub fn build(config: &SmsConfig, http: http::Client, clock: Clock) -> Result<Self, String> {
        if let Some(wrong) = config.check().into_iter().next() {
            return Err(wrong);
        }
        let profile = config.profile().ok_or("sms.profile: there is no such profile")?;
        Ok(Self {
            receipt_within: config.receipt_within(&profile),
            gateway: Gateway::new(config, profile),
            http,
            clock,
            provider: config.profile.clone(),
            transliterate: config.transliterate,
            price_per_part: config.price_per_part.map(micros),
            at_once: config.at_once,
        })
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
        let sms = text::encode(&parcel.short, self.transliterate);
        let call = match self.gateway.request(&self.http, to, &sms, parcel.notice) {
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
        self.gateway.judge(status, pause, &body, sms.parts)
    }

    fn lane(&self) -> LaneSettings {
        LaneSettings {
            concurrency: self.at_once,
            retry: Retry { first: Duration::from_secs(30), max: Duration::from_mins(30), give_up_after: GIVE_UP_AFTER },
            unknown: UnknownPolicy::WaitForReceipt,
            // Longer than the client's own time-out, which knows better what happened.
            deadline: self.http.timeout() + Duration::from_secs(5),
            ..LaneSettings::default()
        }
    }

    fn numbers(&self, notice: Uuid, receipt: &str) -> Vec<ProviderNumber> {
        let number = request::number_in(receipt).filter(|_| !self.gateway.names_our_notice());
        let number =
            number.map(|number| ProviderNumber { provider: self.provider.clone(), number: number.to_owned(), notice });
        number.into_iter().collect()
    }

    fn cost(&self, receipt: &str) -> Option<i64> {
        Some(self.price_per_part? * i64::try_from(request::parts_in(receipt)?).ok()?)
    }

    fn receipt_within(&self) -> Option<Duration> {
        self.receipt_within
    }
}

#[cfg(test)]
mod tests;
