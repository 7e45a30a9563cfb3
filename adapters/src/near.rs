//! Reports that may be about the same thing: near in place and time, of the same kind. People of the city see all that
//! is known of them; everybody else what stands on the public page of a case, and no place finer than a block.

mod score;

pub use score::{Score, Side, score};

use crate::intake::IntakeTools;
use schemas::{
    Date, Timestamp, Uuid,
    case::{Case, Status},
    city::City,
    place::{Place, Point},
    reference::Reference,
    report::{Report, TRIAL_CHANNEL, Urgency},
    slug::{AreaId, CategoryId},
    submission::Checked,
};
use std::collections::HashMap;
use store::Store;

/// The most that residents are offered.
const MOST_OFFERED: usize = 3;
/// The most that people of the city are shown.
const MOST_SHOWN: usize = 20;
/// Two places in neighbouring blocks are at the most so many metres apart for them.
const ACROSS: f64 = 70.0;

/// A case that may be about the same.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its report.
    pub report: Report,
    /// How far it is.
    pub case: Case,
    /// How much it looks like the same.
    pub score: Score,
    /// How many people reported it.
    pub people: usize,
}

/// What anybody may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// What people call it.
    pub reference: Reference,
    /// What it is about.
    pub category: CategoryId,
    /// The districts that it lies in.
    pub areas: Vec<AreaId>,
    /// The day it was reported, on the city's calendar.
    pub since: Date,
    /// How far it is.
    pub status: Status,
    /// How many people reported it.
    pub people: usize,
}

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Eyes {
    City,
    Everybody,
}

/// What may be the same as `report`, the likeliest first, for people of the city: also what was closed lately.
pub async fn of_report(store: &Store, city: &City, report: &Report) -> Result<Vec<Found>, store::Error> {
    let side = Side { category: &report.category, place: &report.place, words: &report.words, at: report.received_at };
    let mut found = look(store, city, &side, Eyes::City, Some(report.id)).await?;
    found.truncate(MOST_SHOWN);
    Ok(found)
}

/// The same for what somebody tells of `place` now and nobody keeps yet.
pub async fn of_words(
    store: &Store,
    city: &City,
    category: &CategoryId,
    place: &Place,
    words: &str,
) -> Result<Vec<Found>, store::Error> {
    let side = Side { category, place, words, at: store.clock().now() };
    let mut found = look(store, city, &side, Eyes::City, None).await?;
    found.truncate(MOST_SHOWN);
    Ok(found)
}

/// What may be the same as something at `place`, the likeliest first, as everybody may know it: public and open.
pub async fn offered(
    store: &Store,
    city: &City,
    category: &CategoryId,
    place: &Place,
    words: &str,
) -> Result<Vec<Offered>, store::Error> {
    let side = Side { category, place, words, at: store.clock().now() };
    let found = look(store, city, &side, Eyes::Everybody, None).await?;
    Ok(found.into_iter().take(MOST_OFFERED).map(|found| shown(city, &found)).collect())
}

fn shown(city: &City, found: &Found) -> Offered {
    let report = &found.report;
    Offered {
        reference: report.reference,
        category: report.category.clone(),
        areas: report.place.point.map(|point| city.areas.locate(point)).unwrap_or_default(),
        since: city.calendar.date(report.received_at),
        status: found.case.status,
        people: found.people,
    }
}

/// What a resident is asked about before their report is kept. Nothing where it cannot wait, where it is nobody else's
/// business, and when the rows cannot be read: a report is never held up.
pub(crate) async fn before_sending(tools: &IntakeTools, checked: &Checked) -> Vec<Offered> {
    let city = &tools.city;
    let category = city.category(&checked.category);
    let is_critical = checked.urgency == Urgency::Emergency || category.is_some_and(|category| category.critical);
    if !city.near.ask || is_critical || !city.kinds.of(checked.kind).public {
        return Vec::new();
    }
    let place = tools.geocode.complete(checked.place.clone()).await;
    match offered(&tools.store, city, &checked.category, &place, &checked.words).await {
        Ok(offered) => offered,
        Err(error) => {
            tracing::warn!(%error, "nobody is asked whether a report is known: the rows cannot be read");
            Vec::new()
        }
    }
}

async fn look(
    store: &Store,
    city: &City,
    side: &Side<'_>,
    eyes: Eyes,
    but: Option<Uuid>,
) -> Result<Vec<Found>, store::Error> {
    let now = store.clock().now();
    let since = |at: Timestamp| at.checked_sub(city.near.within()).unwrap_or(Timestamp::UNIX_EPOCH);
    let blurred = Place { point: side.place.point.map(block), ..side.place.clone() };
    let (place, radius) = match eyes {
        Eyes::City => (side.place, f64::from(city.near_metres(side.category))),
        Eyes::Everybody => (&blurred, f64::from(city.near_metres(side.category)).max(ACROSS)),
    };
    let side = &Side { place, ..*side };
    let mut ids = Vec::new();
    if let Some(point) = place.point {
        let (low, high) = around(point, radius + ACROSS);
        ids.extend(store.reports_in_box(low, high, since(side.at)).await?);
    }
    if let Some(spot) = store::spot(place) {
        ids.extend(store.reports_at_spot(&spot, since(side.at)).await?);
    }
    ids.retain(|id| Some(*id) != but);
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (mut reports, cases) = (store.reports_by_ids(&ids).await?, store.cases_by_ids(&ids).await?);
    let lately = now.checked_sub(city.near.closed_within()).unwrap_or(now);
    let mut found = Vec::new();
    for (id, case) in cases {
        let Some(report) = reports.remove(&id) else { continue };
        let is_fit = match (eyes, case.status) {
            (_, Status::Duplicate) => false,
            (Eyes::City, status) => !status.is_closed() || case.closed_at.is_some_and(|at| at >= lately),
            (Eyes::Everybody, status) => {
                !status.is_closed() && city.is_public(&report) && !city.is_confidential(case.lead.as_ref())
            }
        };
        if !is_fit || report.channel.as_str() == TRIAL_CHANNEL {
            continue;
        }
        let there = match eyes {
            Eyes::City => report.place.clone(),
            Eyes::Everybody => Place { point: report.place.point.map(block), ..report.place.clone() },
        };
        let other = Side { category: &report.category, place: &there, words: &report.words, at: report.received_at };
        if let Some(score) = score(side, &other, radius, city.near.days) {
            found.push(Found { report, case, score, people: 1 });
        }
    }
    let mut also: HashMap<Uuid, usize> = HashMap::new();
    for merged in store.duplicates(&found.iter().map(|found| found.report.id).collect::<Vec<_>>()).await? {
        *also.entry(merged.main).or_default() += 1;
    }
    for one in &mut found {
        one.people += also.get(&one.report.id).copied().unwrap_or_default();
    }
    // Of two that look alike the older: others are merged with it rather.
    found.sort_by(|a, b| b.score.value.total_cmp(&a.score.value).then(a.report.id.cmp(&b.report.id)));
    Ok(found)
}

/// The middle of the block around `point`: as precise as anybody but the city learns where something is.
pub fn block(point: Point) -> Point {
    point.block()
}

/// The corners of the box `metres` around `point`.
fn around(point: Point, metres: f64) -> (Point, Point) {
    /// Metres per degree of latitude.
    const DEGREE: f64 = 111_195.0;
    let (north, east) = (metres / DEGREE, metres / (DEGREE * point.lat.to_radians().cos().max(0.01)));
    let corner = |sign: f64| Point { lat: point.lat + sign * north, lon: point.lon + sign * east };
    (corner(-1.0), corner(1.0))
}

#[cfg(test)]
mod tests;
