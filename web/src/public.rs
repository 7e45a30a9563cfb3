//! What everybody may know of a case: the one way in which anything public reads one. The map, its list, open data, feeds,
//! statistics and pages of other sites take a [`PublicCase`] and nothing else, so that what is not public is nowhere: not in a
//! count, a tile, a choice of a filter, or a tag of a cache.

use crate::app::App;
use adapters::{
    abuse::review::{self, Approved},
    near,
};
use schemas::{
    Date, Timestamp, Uuid,
    case::Status,
    city::{City, Publicity},
    place::Point,
    reference::Reference,
    report::{Kind, TRIAL_CHANNEL},
    slug::{AreaId, CategoryId, DepartmentId},
};
use std::collections::HashMap;
use store::Glimpse;

/// A case as everybody may know it. Made by [`PublicCase::of`] alone.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PublicCase {
    /// The report, for looking up what was approved of it; never shown.
    pub id: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// What kind of matter.
    pub kind: Kind,
    /// What it is about: a category that the city publishes.
    pub category: CategoryId,
    /// The districts that it lies in, in the order of the city's files.
    pub areas: Vec<AreaId>,
    /// The middle of the block that it lies in ([`near::block`]), WGS 84 degrees: no public place is more precise.
    pub point: Option<Point>,
    /// When it came.
    pub received_at: Timestamp,
    /// How far it is.
    pub status: Status,
    /// When that last changed.
    pub status_at: Timestamp,
    /// When it was last closed.
    pub closed_at: Option<Timestamp>,
    /// The department that leads.
    pub lead: Option<DepartmentId>,
    /// The day on which it is expected to be solved.
    pub expected_on: Option<Date>,
    /// How many people reported it.
    pub people: u32,
    /// Of a duplicate the main case, where it goes on; count and show that one instead.
    pub main: Option<Uuid>,
    /// When any of this last changed, by our clock.
    pub changed_at: Timestamp,
}

impl PublicCase {
    /// What everybody may know of it; nothing when that is nothing at all: its kind or category is not public (or only as
    /// an area), the department that leads is confidential, it is held or was refused, or somebody only tried us out.
    pub fn of(city: &City, glimpse: &Glimpse) -> Option<Self> {
        let Glimpse { id, reference, kind, category, point, received_at, status, status_at, closed_at, .. } = glimpse;
        let is_published = city.category(category).is_some_and(|category| category.publicity == Publicity::Public);
        let is_public = is_published
            && city.kinds.of(*kind).public
            && !glimpse.hidden
            && !city.is_confidential(glimpse.lead.as_ref())
            && glimpse.channel.as_str() != TRIAL_CHANNEL;
        is_public.then(|| Self {
            id: *id,
            reference: *reference,
            kind: *kind,
            category: category.clone(),
            areas: point.map(|point| city.areas.locate(point)).unwrap_or_default(),
            point: point.map(near::block),
            received_at: *received_at,
            status: *status,
            status_at: *status_at,
            closed_at: *closed_at,
            lead: glimpse.lead.clone(),
            expected_on: glimpse.expected_on,
            people: glimpse.others.saturating_add(1),
            main: glimpse.main,
            changed_at: glimpse.changed_at,
        })
    }

    /// The public ones among these reports, by report; those that nobody decided yet are `received`.
    pub async fn by_ids(app: &App, reports: &[Uuid]) -> Result<HashMap<Uuid, Self>, store::Error> {
        let glimpses = app.site.store.glimpses(reports).await?;
        let public = glimpses.iter().filter_map(|glimpse| Self::of(&app.site.city, glimpse));
        Ok(public.map(|case| (case.id, case)).collect())
    }

    /// The public case with this reference.
    pub async fn by_reference(app: &App, reference: Reference) -> Result<Option<Self>, store::Error> {
        let Some(report) = app.site.store.report_by_reference(reference).await? else { return Ok(None) };
        Ok(Self::by_ids(app, &[report.id]).await?.remove(&report.id))
    }

    /// The words and photos that somebody of the city approved, by [`PublicCase::id`]. Ask it for public cases alone.
    pub async fn approved(app: &App, cases: &[Uuid]) -> Result<HashMap<Uuid, Approved>, store::Error> {
        review::public(&app.site.store, &app.site.city, cases).await
    }

    /// It goes on in another case.
    pub fn is_duplicate(&self) -> bool {
        self.main.is_some() || self.status == Status::Duplicate
    }
}
