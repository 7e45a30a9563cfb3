//! What everybody may know of a case: the one way in which anything public reads one. The map, its list, open data, feeds,
//! statistics and pages of other sites take a [`PublicCase`] and nothing else, so that what is not public is nowhere: not in a
//! count, a tile, a choice of a filter, or a tag of a cache.

use crate::app::App;
use adapters::{
    abuse::review::{self, Approved},
    near,
};
use schemas::{Uuid, case::Status, city::City, place::Point, reference::Reference, slug::AreaId};
use std::{collections::HashMap, ops::Deref};
use store::{Facts, Glimpse};

/// A case as everybody may know it. Made by [`PublicCase::of`] alone.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicCase {
    facts: Facts,
    /// The districts that it lies in, in the order of the city's files.
    pub areas: Vec<AreaId>,
    /// The middle of the block that it lies in ([`near::block`]), WGS 84 degrees: no public place is more precise.
    pub point: Option<Point>,
    /// How many people reported it.
    pub people: u32,
}

impl Deref for PublicCase {
    type Target = Facts;
    fn deref(&self) -> &Facts {
        &self.facts
    }
}

impl PublicCase {
    /// What everybody may know of it; nothing when that is nothing at all ([`Glimpse::is_public`]).
    pub fn of(city: &City, glimpse: &Glimpse) -> Option<Self> {
        glimpse.is_public(city).then(|| Self {
            areas: glimpse.point.map(|point| city.areas.locate(point)).unwrap_or_default(),
            point: glimpse.point.map(near::block),
            people: glimpse.others.saturating_add(1),
            facts: glimpse.facts.clone(),
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
