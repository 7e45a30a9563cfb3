//! A person of the city tells it: they telephone, or write a letter where none are printed. The notice becomes
//! a task of a desk, and what its operator says of it comes back as [`schemas::notice::Heard`].
//!
//! This sender needs nothing from outside and is always there, so that nobody whose other addresses are
//! dead is left in silence while a telephone number or postal address is known.

use super::{Parcel, Sender};
use crate::paper;
use async_trait::async_trait;
use schemas::{
    city::City,
    fault::did_you_mean,
    slug::DepartmentId,
    task::{Task, Telling},
    verdict::{Fault, Verdict},
    way::Way,
};
use serde::Deserialize;
use std::time::Duration;
use store::Store;

/// The name of this sender.
pub const NAME: &str = "desk";

/// How people of the city tell residents.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskConfig {
    /// Whether people may ask to be called, and not only be called when nothing else reaches them.
    pub offered: bool,
    /// Whose operators do it; the city's fallback desk when left out.
    pub desk: Option<DepartmentId>,
    /// How many calls are made at most when nobody answers, 1 to 20.
    pub tries: u32,
    /// How many minutes lie between two calls, 1 to 10,080 (a week).
    pub pause_minutes: u32,
    /// After how many hours the person is told the next way when nobody of the desk did it; 0: never.
    pub within_hours: u32,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self { offered: false, desk: None, tries: 3, pause_minutes: 180, within_hours: 120 }
    }
}

impl DeskConfig {
    /// What is wrong with these settings, each as a sentence that names the setting.
    pub fn check(&self, city: &City) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(desk) = self.desk.as_ref().filter(|desk| city.department(desk).is_none()) {
            let known = city.departments.iter().map(|department| department.id.as_str());
            faults.push(format!("calls.desk: the city has no department `{desk}`: {}", did_you_mean(desk, known)));
        }
        if !(1..=20).contains(&self.tries) {
            faults.push("calls.tries: 1 to 20 calls".to_owned());
        }
        if !(1..=10_080).contains(&self.pause_minutes) {
            faults.push("calls.pause_minutes: 1 to 10080 minutes, a week".to_owned());
        }
        if self.within_hours > 24 * 90 {
            faults.push("calls.within_hours: at most 2160, 90 days; 0 for never".to_owned());
        }
        faults
    }
}

/// Hands notices to people of a desk.
pub struct Desk {
    store: Store,
    desk: DepartmentId,
    config: DeskConfig,
}

impl Desk {
    /// The desk that `config` names, over `store`. The error is a sentence that names the wrong setting.
    pub fn build(config: &DeskConfig, city: &City, store: &Store) -> Result<Self, String> {
        if let Some(wrong) = config.check(city).into_iter().next() {
            return Err(wrong);
        }
        let desk = config.desk.as_ref().unwrap_or(&city.fallback).clone();
        Ok(Self { store: store.clone(), desk, config: config.clone() })
    }
}

#[async_trait]
impl Sender for Desk {
    async fn send(&self, parcel: &Parcel) -> Verdict {
        let way = parcel.to.way();
        if !matches!(way, Way::Call | Way::Letter) {
            return Verdict::never(
                Fault::Ours,
                "nobody tells this by hand: it is no telephone number or postal address",
            );
        }
        let telling = Telling {
            notice: parcel.notice,
            person: parcel.person.clone(),
            way,
            language: parcel.language,
            words: paper::said(&parcel.paper, parcel.language),
            passing: parcel.is_status,
            tries: self.config.tries,
            pause_minutes: self.config.pause_minutes,
        };
        let now = self.store.clock().now();
        let task = Task::tell(telling, parcel.case_id, parcel.reference, parcel.critical, self.desk.clone(), now);
        match self.store.open_tell(&task).await {
            Ok(()) => Verdict::receipt(format!("task {}", task.id)),
            Err(error) if error.is_transient() => Verdict::later(format!("the task could not be written: {error}")),
            Err(error) => Verdict::never(Fault::Ours, format!("the task could not be written: {error}")),
        }
    }

    fn receipt_within(&self, _: Option<&str>) -> Option<Duration> {
        (self.config.within_hours > 0).then(|| Duration::from_hours(u64::from(self.config.within_hours)))
    }
}
