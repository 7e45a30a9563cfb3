//! Doors: what strangers send in becomes a stored report, or a sentence that says what is wrong.
//!
//! A channel is one file here with `Config`, `check`, `build` and `receive`, and one line in
//! [`Doors`]. All of them end in [`accept`].

pub mod add;
pub mod api;
pub mod contest;
pub mod form;
pub(crate) mod gps;
pub mod guard;
pub mod mail;
pub mod open311;
pub mod partner;
pub mod photo;
pub mod photo_place;
pub mod rate;
pub mod reply;
pub mod sms;

use crate::{album::Album, geocode::Geocode};
use guard::{Clues, Guard};
use schemas::{
    Uuid,
    city::City,
    fault::Invalid,
    id::{Clock, Ids},
    reference::Reference,
    report::Report,
    slug::Channel,
    submission::Checked,
    trace::Trace,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::Arc};
use store::Store;
use tokio::sync::Semaphore;

pub use store::{Accepted, Receipt};

/// What every door stands on.
#[derive(Debug, Clone)]
pub struct IntakeTools {
    /// The rows.
    pub store: Store,
    /// The city whose report it is.
    pub city: Arc<City>,
    /// The time.
    pub clock: Clock,
    /// New identifiers.
    pub ids: Ids,
    /// What finds places.
    pub geocode: Geocode,
    /// What notices abuse.
    pub guard: Guard,
    /// Where photos lie.
    pub album: Album,
    /// How many more reports may be taken in at this moment.
    room: Arc<Semaphore>,
}

/// How many reports are taken in at once, in one process, unless the city says otherwise. What waits behind a database that
/// is slow would only wait longer; whoever comes on top is asked to come again.
pub const ROOM: usize = 512;

impl IntakeTools {
    /// Tools for `city` on `store`, with the store's own clock and identifiers. Places are found in the city's lists
    /// alone, photos lie in the database.
    pub fn new(store: Store, city: Arc<City>) -> Self {
        let (geocode, album) = (Geocode::of_lists(&city), Album::of_rows(&store));
        let (clock, ids) = (store.clock().clone(), store.ids().clone());
        Self { clock, ids, geocode, album, store, city, guard: Guard::default(), room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// The same, with this to find places.
    pub fn finding(self, geocode: Geocode) -> Self {
        Self { geocode, ..self }
    }

    /// The same, guarded by these settings.
    pub fn guarded(self, guard: guard::Config) -> Self {
        Self { guard: Guard::new(guard), ..self }
    }

    /// The same, with room for so many reports at once.
    pub fn with_room(self, room: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(room)), ..self }
    }

    /// Whether there is no room for another report at this moment.
    pub fn is_full(&self) -> bool {
        self.room.available_permits() == 0
    }

    /// The same, with photos lying in this album.
    pub fn keeping(self, album: Album) -> Self {
        Self { album, ..self }
    }
}

/// Settings of all doors: one key per channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many reports are taken in at once.
    pub at_once: usize,
    /// `POST /api/v1/reports`.
    pub api: api::Config,
    /// The residents' form.
    pub form: form::Config,
    /// The Open311 server.
    pub open311: open311::Config,
    /// Photos, through any door.
    pub photos: photo::Config,
    /// The client that fetches photos which are named by their address.
    pub http: bus::http::Config,
    /// What is noticed at every door.
    #[serde(skip)]
    pub guard: guard::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            at_once: ROOM,
            api: api::Config::default(),
            form: form::Config::default(),
            open311: open311::Config::default(),
            photos: photo::Config::default(),
            http: bus::http::Config::default(),
            guard: guard::Config::default(),
        }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = self.api.check();
        faults.extend(self.form.check());
        faults.extend(self.open311.check());
        faults.extend(self.photos.check());
        faults.extend(self.guard.check());
        faults
    }

    /// The doors, ready to receive.
    pub fn build(self, tools: &IntakeTools) -> Doors {
        let tools = &tools.clone().guarded(self.guard);
        let photos = self.photos.build();
        Doors {
            api: self.api.build(tools),
            form: self.form.build(tools, &photos),
            open311: self.open311.build(tools, &photos, self.http),
            photos,
            tools: tools.clone(),
        }
    }
}

/// Every door of this hub. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Doors {
    /// `POST /api/v1/reports`.
    pub api: api::Door,
    /// The residents' form.
    pub form: form::Door,
    /// The Open311 server.
    pub open311: open311::Door,
    /// The photo desk: `POST /api/v1/photos`.
    pub photos: photo::Desk,
    /// What they stand on.
    pub tools: IntakeTools,
}

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The sender can put it right.
    #[error("{} thing(s) in the report are wrong", .0.len())]
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached or are broken; nothing was stored.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The sha256, in hex, of what was submitted in canonical form: fixed field order, clean values.
/// The same submission has the same digest however it was spaced or ordered.
pub fn digest(checked: &Checked) -> String {
    let canonical = serde_json::json!([
        checked.kind,
        checked.category,
        checked.words,
        checked.place,
        checked.answers,
        checked.contact,
        checked.language,
        checked.tell,
        checked.photos,
    ]);
    hex(&Sha256::digest(canonical.to_string()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A checked submission as a report with a reference of its own, not kept yet.
pub(crate) async fn prepare(
    tools: &IntakeTools,
    channel: &Channel,
    source_id: Option<&str>,
    checked: Checked,
    clues: Clues,
    trace: Trace,
) -> Result<store::NewReport, IntakeError> {
    // Sorted by time even when the channel has a name for it, so that its rows lie together.
    let id = tools.ids.new_id();
    // Of what was sent: what is found out about the place may be another thing the next time.
    let digest = digest(&checked);
    check_photos(&tools.store, channel, source_id, &checked.photos).await?;
    let reference =
        tools.store.references(1).await?.first().copied().ok_or(IntakeError::Store(store::Error::Inconsistent {
            table: "counter",
            column: "next",
            key: "reference".to_owned(),
        }))?;
    let noticed = tools.guard.notice(tools, channel, &checked, clues).await?;
    let place = tools.geocode.complete(checked.place).await;
    let report = Report {
        id,
        reference,
        channel: channel.clone(),
        source_id: source_id.map(str::to_owned),
        kind: checked.kind,
        category: checked.category,
        words: checked.words,
        place,
        answers: checked.answers,
        urgency: checked.urgency,
        language: checked.language,
        tell: checked.tell,
        photos: checked.photos,
        token: tools.ids.token(),
        received_at: tools.clock.now(),
    };
    Ok(store::NewReport { report, contact: checked.contact, digest, route: true, trace, noticed })
}

/// Stores a checked submission as a report that waits for a decision, exactly once per
/// (`channel`, `source_id`). When this returns `New`, the report survives a crash.
pub async fn accept(
    tools: &IntakeTools,
    channel: &Channel,
    source_id: Option<&str>,
    checked: Checked,
    clues: Clues,
    trace: Trace,
) -> Result<Accepted, IntakeError> {
    let Ok(_room) = tools.room.try_acquire() else {
        metrics::counter!("voordeur_intake_busy_total").increment(1);
        let why = "more reports come in at once than there is room for".to_owned();
        return Err(IntakeError::Store(store::Error::Unavailable(why)));
    };
    let new = prepare(tools, channel, source_id, checked, clues, trace).await?;
    let id = new.report.id;
    let accepted = tools.store.accept(new).await?;
    let outcome = match &accepted {
        Accepted::New(_) => "new",
        Accepted::Again(_) => "again",
        Accepted::Conflict => "conflict",
    };
    metrics::counter!("voordeur_reports_total", "channel" => channel.to_string(), "outcome" => outcome).increment(1);
    let case = match &accepted {
        Accepted::New(receipt) | Accepted::Again(receipt) => receipt.id,
        Accepted::Conflict => id,
    };
    tracing::info!(%case, channel = %channel, outcome, %trace, "report received");
    Ok(accepted)
}

/// Checks a submission to the end as [`accept`] does, and keeps nothing: what comes with a key for tests. Its receipt has
/// the reference `00000000` and leads nowhere.
pub async fn attempt(tools: &IntakeTools, checked: &Checked) -> Result<Receipt, IntakeError> {
    let kept: Vec<Uuid> = checked.photos.iter().copied().filter(|id| !photo::is_trial(*id)).collect();
    // Nobody owns photos under the name of a trial, so only those that are nobody's are good.
    let owners = tools.store.photo_owners(&kept).await?;
    let faults: Vec<Invalid> = (checked.photos.iter().enumerate())
        .filter(|(_, photo)| !photo::is_trial(**photo))
        .filter_map(|(i, photo)| unusable(i, owners.get(photo), None))
        .collect();
    if !faults.is_empty() {
        return Err(IntakeError::Invalid(faults));
    }
    Ok(Receipt {
        id: tools.ids.new_id(),
        reference: Reference::from_number(0),
        token: "test".to_owned(),
        received_at: tools.clock.now(),
    })
}

/// Photos must be there, and nobody else's. The owner may be this same report: then the store
/// answers that it has it already.
async fn check_photos(
    store: &Store,
    channel: &Channel,
    source_id: Option<&str>,
    photos: &[Uuid],
) -> Result<(), IntakeError> {
    if photos.is_empty() {
        return Ok(());
    }
    let owners = store.photo_owners(photos).await?;
    let same = match source_id {
        Some(source) => store.report_by_source(channel, source).await?.map(|report| report.id),
        None => None,
    };
    let faults: Vec<Invalid> = photos
        .iter()
        .enumerate()
        .filter_map(|(i, photo)| {
            if photos.iter().take(i).any(|earlier| earlier == photo) {
                let field = format!("/photos/{i}");
                return Some(Invalid::new(field, "duplicate", "this photo is named twice: name it once"));
            }
            unusable(i, owners.get(photo), same)
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(IntakeError::Invalid(faults)) }
}

/// Why the photo at place `i` cannot be part of the report `same`, by whose it is.
fn unusable(i: usize, owner: Option<&Option<Uuid>>, same: Option<Uuid>) -> Option<Invalid> {
    let field = format!("/photos/{i}");
    match owner {
        Some(None) => None,
        Some(owner) if owner.is_some() && *owner == same => None,
        Some(_) => Some(Invalid::new(field, "taken", "this photo belongs to another report: send it again")),
        None => Some(Invalid::new(
            field,
            "unknown",
            "there is no such photo: send it first by POST /api/v1/photos; unused ones are kept for a day",
        )),
    }
}

#[cfg(test)]
pub(crate) mod tests;
