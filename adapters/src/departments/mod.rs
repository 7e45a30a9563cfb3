//! Departments' own systems: a case goes out, answers come back.
//!
//! An adapter is one file here with `Config`, `check`, `build` and `deliver`, and one line in
//! [`REGISTRY`]. A city chooses it by name in `departments.yaml`.

pub mod batch_file;
pub mod email;
pub mod form_manual;
pub mod informed;
pub mod native;
pub mod open311;
pub mod pace;
pub mod phone_handover;
pub mod queue;
pub mod redirect;
pub mod sandbox;
mod span;
pub mod webhook;

use crate::{links::Links, mail::Mail, rounds::Round, secrets::Secrets};
use async_trait::async_trait;
use bus::{LaneSettings, http};
use pace::Pace;
use schemas::{
    Timestamp,
    city::{City, Delivery, Department},
    dispatch::{Dispatch, Update},
    fault::{Fault, Invalid, did_you_mean},
    id::Clock,
    letter::{Lane, Letter},
    slug::DepartmentId,
    verdict::Verdict,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use store::{Store, Tx};

/// What adapters are built with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The city.
    pub city: Arc<City>,
    /// The time.
    pub clock: Clock,
    /// The one HTTP client.
    pub http: http::Client,
    /// Keys and tokens of departments.
    pub secrets: Secrets,
    /// Who we say we are in CloudEvents `source`, and where our pages are: the hub's public address,
    /// without a slash at the end.
    pub source: String,
    /// The rows; for what an adapter keeps beside the dispatch, never while it calls the outside.
    pub store: Store,
    /// Makes links by which a department answers without an account.
    pub links: Links,
    /// The city's mail; nothing when no mail server is configured.
    pub mail: Option<Mail>,
}

/// A department's own system.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// Hands `dispatch` over. `letter` carries it: its id, trace and the bytes as they were
    /// written. The key that the other side dedupes by is [`Dispatch::id`].
    async fn deliver(&self, dispatch: &Dispatch, letter: &Letter) -> Verdict;

    /// Asks the other side, by our own key, whether it has `dispatch`: called before anything that
    /// may have arrived is sent again.
    async fn look_up(&self, _dispatch: &Dispatch) -> Found {
        Found::CannotTell
    }

    /// Writes what the adapter keeps of a dispatch that was just taken, in the transaction that
    /// notes it. Called once per dispatch.
    async fn taken(&self, _tx: &mut Tx, _taken: &Taken<'_>) -> Result<(), store::Error> {
        Ok(())
    }

    /// Whether [`Verdict::Done`] means that the department has it. When not (it waits for a file or
    /// for a person), [`crate::deliver::arrived`] says so later.
    fn hands_over(&self) -> bool {
        true
    }

    /// The same for one dispatch, where it depends on what the other side answered.
    fn handed_over(&self, _receipt: Option<&str>) -> bool {
        self.hands_over()
    }

    /// Whether it is news to anybody that the department has `dispatch`: not where nobody was told.
    fn is_news(&self, _dispatch: &Dispatch) -> bool {
        true
    }

    /// What the adapter does by itself, again and again: polling, reading a mailbox, writing a file.
    fn round(&self) -> Option<Arc<dyn Round>> {
        None
    }

    /// What the other side says by itself once it has `dispatch`, and when. Only one that needs no
    /// other side does (a simulation, a referral); a real one answers in its own time.
    fn answers(&self, _dispatch: &Dispatch, _now: Timestamp) -> Vec<(Update, Timestamp)> {
        Vec::new()
    }

    /// How its lane is worked. The city may set how fast, for any adapter ([`pace`]).
    fn lane(&self) -> LaneSettings {
        LaneSettings::default()
    }
}

/// Whether the other side has a dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It has; with its number of it, if it told.
    Here {
        /// What stands as the receipt.
        receipt: Option<String>,
    },
    /// It has not: it may be sent.
    NotHere,
    /// Nobody can tell: the lane's policy for unknown outcomes decides.
    CannotTell,
    /// It cannot be asked now; nothing is sent before it can.
    Later {
        /// Why, for the operator.
        why: String,
    },
}

/// A dispatch that the other side just took.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// The dispatch.
    pub dispatch: &'a Dispatch,
    /// The letter that carried it.
    pub letter: &'a Letter,
    /// What the other side answered: its number of the case, if it has one.
    pub receipt: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

impl std::fmt::Debug for dyn Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Adapter")
    }
}

type Check = fn(&Value) -> Vec<Invalid>;
type Build = fn(&Department, &Value, &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>>;

/// Every adapter: its name in `departments.yaml`, how its settings are checked, how it is built.
const REGISTRY: &[(&str, Check, Build)] = &[
    (
        "webhook",
        |v| check_with(v, webhook::Config::check),
        |d, v, t| read(v).and_then(|c: webhook::Config| c.build(d, t)),
    ),
    (
        "batch_file",
        |v| check_with(v, batch_file::Config::check),
        |d, v, t| read(v).and_then(|c: batch_file::Config| c.build(d, t)),
    ),
    ("email", |v| check_with(v, email::Config::check), |d, v, t| read(v).and_then(|c: email::Config| c.build(d, t))),
    (
        "open311",
        |v| check_with(v, open311::Config::check),
        |d, v, t| read(v).and_then(|c: open311::Config| c.build(d, t)),
    ),
    (
        "sandbox",
        |v| check_with(v, sandbox::Config::check),
        |d, v, t| read(v).and_then(|c: sandbox::Config| c.build(d, t)),
    ),
    ("native", |v| check_with(v, native::Config::check), |d, v, t| read(v).and_then(|c: native::Config| c.build(d, t))),
    (
        "redirect",
        |v| check_with(v, redirect::Config::check),
        |d, v, t| read(v).and_then(|c: redirect::Config| c.build(d, t)),
    ),
    (
        "form_manual",
        |v| check_with(v, form_manual::Config::check),
        |d, v, t| read(v).and_then(|c: form_manual::Config| c.build(d, t)),
    ),
    (
        "phone_handover",
        |v| check_with(v, phone_handover::Config::check),
        |d, v, t| read(v).and_then(|c: phone_handover::Config| c.build(d, t)),
    ),
];

/// Whether a person of the city passes the work on to this department.
pub fn is_by_hand(delivery: &Delivery) -> bool {
    delivery.is_by_hand()
}

/// What is wrong with good settings in this city, for this department.
fn check_here(city: &City, department: &Department, adapter: &str, settings: &Value) -> Vec<Invalid> {
    match adapter {
        "batch_file" => {
            read(settings).map_or_else(|_| Vec::new(), |c: batch_file::Config| c.check_for(city, department))
        }
        "redirect" => read(settings).map_or_else(|_| Vec::new(), |c: redirect::Config| c.check_for(department)),
        "form_manual" => read(settings).map_or_else(|_| Vec::new(), |c: form_manual::Config| c.check_in(city)),
        "phone_handover" => {
            read(settings).map_or_else(|_| Vec::new(), |c: phone_handover::Config| c.check_for(department))
        }
        _ => Vec::new(),
    }
}

/// The names that a city may write as `delivery`, besides `queue`.
pub fn names() -> Vec<&'static str> {
    REGISTRY.iter().map(|(name, ..)| *name).collect()
}

fn read<C: DeserializeOwned>(settings: &Value) -> Result<C, Vec<Invalid>> {
    // `delivery: sandbox` without settings may come as null.
    let settings = if settings.is_null() { Value::Object(serde_json::Map::new()) } else { settings.clone() };
    crate::json::read(settings.to_string().as_bytes(), usize::MAX).map_err(|error| match error {
        crate::json::Unreadable::Invalid(fault) | crate::json::Unreadable::Malformed(fault) => vec![fault],
        crate::json::Unreadable::TooLarge { .. } => Vec::new(),
    })
}

fn check_with<C: DeserializeOwned>(settings: &Value, check: fn(&C) -> Vec<Invalid>) -> Vec<Invalid> {
    read(settings).map_or_else(|faults| faults, |config| check(&config))
}

fn pushed(city: &City) -> impl Iterator<Item = (&Department, &str, &Value)> {
    city.departments.iter().filter_map(|department| match &department.delivery {
        Delivery::Queue => None,
        Delivery::Push { adapter, settings } => Some((department, adapter.as_str(), settings)),
    })
}

/// What is wrong with the delivery of the city's departments, with file and line.
pub fn check(city: &City) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (department, adapter, settings) in pushed(city) {
        match REGISTRY.iter().find(|(name, ..)| *name == adapter) {
            Some((_, check, _)) => {
                let (_, settings, mut wrong) = Pace::split(settings);
                wrong.extend(check(&settings));
                wrong.extend(check_here(city, department, adapter, &settings));
                faults.extend(wrong.iter().map(|wrong| fault(city, department, wrong)));
            }
            None => {
                let wrong = Invalid::new("", "unknown", format!("there is no adapter `{adapter}`"));
                let mut fault = fault(city, department, &wrong);
                fault.help = did_you_mean(adapter, names().into_iter().chain(["queue"]));
                faults.push(fault);
            }
        }
    }
    faults
}

/// The fault, at the line where the department says how it gets its work.
fn fault(city: &City, department: &Department, wrong: &Invalid) -> Fault {
    let message = format!("department {}: delivery{}: {}", department.id, wrong.field.replace('/', "."), wrong.message);
    let help = "the settings of each delivery are described in docs/connect/departments";
    Fault::error("departments.yaml", city.delivery_at(&department.id), message, help)
}

/// A department that work is pushed to, ready for its lane.
#[derive(Debug, Clone)]
pub struct Built {
    /// Who.
    pub department: DepartmentId,
    /// Its lane.
    pub lane: Lane,
    /// Its system.
    pub adapter: Arc<dyn Adapter>,
    /// How fast it is called.
    pub pace: Pace,
}

/// Builds the adapter of every department that work is pushed to, or names every fault.
pub fn build(city: &City, tools: &Tools) -> Result<Vec<Built>, Vec<Fault>> {
    let faults = check(city);
    if !faults.is_empty() {
        return Err(faults);
    }
    let (mut built, mut faults) = (BTreeMap::new(), Vec::new());
    for (department, name, settings) in pushed(city) {
        let Some((_, _, build)) = REGISTRY.iter().find(|(known, ..)| *known == name) else { continue };
        let (pace, settings, _) = Pace::split(settings);
        match build(department, &settings, tools) {
            Ok(adapter) => {
                let id = department.id.clone();
                built.insert(id.clone(), Built { lane: Lane::department(&id), department: id, adapter, pace });
            }
            Err(wrong) => faults.extend(wrong.iter().map(|wrong| fault(city, department, wrong))),
        }
    }
    if faults.is_empty() { Ok(built.into_values().collect()) } else { Err(faults) }
}

#[cfg(test)]
mod by_hand_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn faults_name_the_department_and_the_fix() {
        let push = |adapter: &str, settings: Value| Delivery::Push { adapter: adapter.to_owned(), settings };
        let faults_of = |delivery: Delivery| {
            let mut city = crate::testing::read();
            city.departments[0].delivery = delivery;
            check(&city).into_iter().map(|f| format!("{}: {}", f.message, f.help)).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(faults_of(push("sandbox", Value::Null)), "");
        assert_eq!(faults_of(push("webhook", json!({"url": "https://example.org/in"}))), "");
        for (delivery, part) in [
            (push("webhoook", Value::Null), "did you mean `webhook`?"),
            (push("webhook", Value::Null), "`url` is missing"),
            (push("webhook", json!({"url": "https://example.org", "retries": 3})), "there is no `retries`"),
            (push("webhook", json!({"url": "ftp://example.org"})), "https"),
            (push("webhook", json!({"url": "https://example.org", "at_once": 0})), "1 to 64"),
            (push("sandbox", json!({"per_second": 0})), "0.001 to 10000"),
            (push("sandbox", json!({"step_ms": "soon"})), "write u64"),
        ] {
            let faults = faults_of(delivery);
            assert!(faults.contains(part) && faults.contains("department contactcentrum"), "{part}: {faults}");
        }
    }
}
