//! Push messages to the devices of people: browsers, and the app of the city on telephones.
//!
//! A message is short, and its meaning is the page that it opens. A device that is gone is forgotten, and the
//! notice goes the next way when it was the last one; a push service that is in trouble takes nothing away.

pub mod apns;
mod config;
pub mod encrypt;
pub mod fcm;
mod keys;
mod message;
mod web;

pub use apns::ApnsConfig;
pub use config::{PushConfig, SERVICES};
pub use fcm::FcmConfig;
pub use keys::Key;

use super::{Parcel, Sender};
use crate::links::NoticeLinks;
use async_trait::async_trait;
use bus::{LaneSettings, Retry, http};
pub(crate) use message::title_and_text;
use message::{Message, words_of};
use schemas::{
    device::Device,
    id::Clock,
    verdict::{Fault, Verdict},
    way::Address,
};
use std::{collections::BTreeMap, time::Duration};

/// The name of this sender.
pub const NAME: &str = "push";

/// What nobody could hand over in half a day had better go another way.
const GIVE_UP_AFTER: Duration = Duration::from_hours(12);

/// A way to devices of one kind.
#[async_trait]
trait Service: Send + Sync {
    /// Hands `message` over for `device`, which is of its kind.
    async fn push(&self, message: &Message<'_>, device: &Device) -> Verdict;
}

/// Sends push messages.
pub struct Push {
    /// By the kind of device.
    services: BTreeMap<&'static str, Box<dyn Service>>,
    links: NoticeLinks,
    keep: Duration,
    shown_within: Option<Duration>,
    at_once: usize,
    deadline: Duration,
}

impl Push {
    /// A sender by `config`. The error is a sentence that names the wrong setting. Nothing is connected yet.
    pub fn build(config: &PushConfig, http: http::Client, clock: Clock, links: &NoticeLinks) -> Result<Self, String> {
        if let Some(wrong) = config.check().into_iter().next() {
            return Err(wrong);
        }
        let deadline = http.timeout() + Duration::from_secs(5);
        let mut services: BTreeMap<&'static str, Box<dyn Service>> = BTreeMap::new();
        if let Some(web) = web::Web::build(config, http.clone(), clock.clone())? {
            services.insert("web", Box::new(web));
        }
        if let Some(fcm) = &config.fcm {
            services.insert("fcm", Box::new(fcm::Fcm::build(fcm, http.clone(), clock.clone())?));
        }
        if let Some(apns) = &config.apns {
            services.insert("apns", Box::new(apns::Apns::build(apns, http, clock)?));
        }
        let (links, keep, shown_within) = (links.clone(), config.keep(), config.shown_within());
        Ok(Self { services, links, keep, shown_within, at_once: config.at_once, deadline })
    }
}

#[async_trait]
impl Sender for Push {
    async fn send(&self, parcel: &Parcel) -> Verdict {
        let Address::Push(device) = &parcel.to else {
            return Verdict::never(Fault::Ours, "this is no device");
        };
        let Some(service) = self.services.get(device.kind()) else {
            // What the operator took away does not come back by waiting.
            let why = format!("[push] has no keys for devices of the kind {} any more", device.kind());
            return Verdict::never(Fault::Refused, why);
        };
        let shown = self.links.shown(parcel.notice);
        service.push(&Message::of(parcel, self.keep, shown), device).await
    }

    fn receipt_within(&self, receipt: Option<&str>) -> Option<Duration> {
        // Our own script says what a browser shows; whether an app of the city does, nobody knows.
        self.shown_within.filter(|_| receipt.is_some_and(|receipt| receipt.starts_with(web::RECEIPT)))
    }

    fn lane(&self) -> LaneSettings {
        LaneSettings {
            concurrency: self.at_once,
            retry: Retry { first: Duration::from_secs(30), max: Duration::from_mins(30), give_up_after: GIVE_UP_AFTER },
            // Sent again it takes the place of the copy that was perhaps there: same topic, same tag.
            // Longer than the client's own time-out, which knows better what happened.
            deadline: self.deadline,
            ..LaneSettings::default()
        }
    }
}
