//! A department's own server that speaks Open311 GeoReport v2, with or without the extension
//! `servicerequestupdates` of FixMyStreet.
//!
//! GeoReport has no key against doing something twice. So each request carries the id of its dispatch
//! in its description, and what may have arrived is looked for in their list before anything is sent
//! again. Answers are fetched, by rounds that remember how far they read.

mod client;
mod config;
pub mod fake;
mod form;
pub mod judge;
mod look;
mod round;
mod server;
mod services;
mod status;
mod windows;
pub(crate) mod wire;

pub use config::Config;
pub use form::marked;

pub(crate) use client::Client;
pub(crate) use form::is_marked;
pub(crate) use windows::{Ask, Budget};
pub(crate) use wire::{Node, moment};

pub use wire::Format;

use super::{Adapter, Found, Taken, Tools, pace::Pace};
use crate::rounds::Round;
use async_trait::async_trait;
use bus::{LaneSettings, UnknownPolicy};
use schemas::{
    city::{Delivery, Department},
    dispatch::Dispatch,
    fault::Invalid,
    letter::Letter,
    verdict::Verdict,
};
use server::{Receipt, Server};
use std::{sync::Arc, time::Duration};
use store::{Open311Receipt, Tx};

/// What a status of theirs means to us, as a word.
#[cfg(test)]
pub(crate) fn meaning(word: &str) -> String {
    format!("{:?}", status::Statuses::new(&std::collections::BTreeMap::new()).means(word))
}

impl Config {
    /// The settings of a department of a city that was checked; nothing for one that is reached in
    /// another way.
    pub fn of(department: &Department) -> Option<Self> {
        match &department.delivery {
            Delivery::Push { adapter, settings } if adapter == "open311" => super::read(&Pace::split(settings).1).ok(),
            _ => None,
        }
    }

    /// The adapter. A server that asks for no key gets none.
    pub fn build(self, department: &Department, tools: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        let lane = LaneSettings {
            concurrency: 2,
            // Only updates come to this: a second copy of one carries the same id.
            unknown: UnknownPolicy::SendAgain,
            // The services, their attributes and the call itself, each with the client's own time-out.
            deadline: tools.http.timeout() * 3 + Duration::from_secs(125),
            ..LaneSettings::default()
        };
        Ok(Arc::new(Open311 { server: Arc::new(self.server(department, tools)), lane }))
    }

    fn server(self, department: &Department, tools: &Tools) -> Server {
        Server {
            department: department.id.clone(),
            client: client::Client {
                base: self.url.clone(),
                jurisdiction: self.jurisdiction_id.clone(),
                format: self.format,
                key: tools.secrets.credentials(&department.id).api_key,
                key_on_reads: self.key_on_reads,
                http: tools.http.clone(),
                clock: tools.clock.clone(),
            },
            catalogue: services::Catalogue::default(),
            statuses: status::Statuses::new(&self.statuses),
            city: tools.city.clone(),
            store: tools.store.clone(),
            clock: tools.clock.clone(),
            links: tools.links.clone(),
            looks: look::Looks::default(),
            config: self,
        }
    }
}

struct Open311 {
    server: Arc<Server>,
    lane: LaneSettings,
}

#[async_trait]
impl Adapter for Open311 {
    async fn deliver(&self, dispatch: &Dispatch, _: &Letter) -> Verdict {
        self.server.deliver(dispatch).await
    }

    async fn look_up(&self, dispatch: &Dispatch) -> Found {
        self.server.look_up(dispatch).await
    }

    async fn taken(&self, tx: &mut Tx, taken: &Taken<'_>) -> Result<(), store::Error> {
        let receipt = match taken.receipt.map_or(Receipt::Other, server::receipt) {
            Receipt::Number(number) => Open311Receipt::Number(number),
            Receipt::Token(token) => Open311Receipt::Token(token),
            Receipt::Other => return Ok(()),
        };
        tx.note_open311(&self.server.department, taken.dispatch.id, receipt).await
    }

    fn handed_over(&self, receipt: Option<&str>) -> bool {
        // With a token it waits for their number.
        !matches!(receipt.map(server::receipt), Some(Receipt::Token(_)))
    }

    fn round(&self) -> Option<Arc<dyn Round>> {
        Some(Arc::new(round::Polling(self.server.clone())))
    }

    fn lane(&self) -> LaneSettings {
        self.lane.clone()
    }
}

#[cfg(test)]
mod tests;
