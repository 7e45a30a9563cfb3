//! Places that people want to hear about.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, row},
    sql::sql,
};
use schemas::{
    Uuid,
    id::from_micros,
    patch::Patch,
    person::{OwnPlace, street_key},
    place::Point,
};
use serde::Serialize;

/// So many of the units in which positions are kept make a degree.
const PER_DEGREE: f64 = 1_000_000.0;
/// No patch is higher than so many of these units: [`Patch::ACROSS`] is 89,932 of them, and a little more where the Earth is
/// not round.
const HIGHEST: i64 = 92_000;

sql! {
    // A place stays with who added it.
    both PUT = "INSERT INTO place (id, person_id, label, lat, lon, street, street_key, patch, south, north, west, east, since)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (id) DO UPDATE SET label = excluded.label, lat = excluded.lat, lon = excluded.lon,
            street = excluded.street, street_key = excluded.street_key, patch = excluded.patch, south = excluded.south,
            north = excluded.north, west = excluded.west, east = excluded.east
        WHERE place.person_id = excluded.person_id";
    both NAME = "UPDATE place SET label = $3 WHERE id = $1 AND person_id = $2";
    both DROP = "DELETE FROM place WHERE id = $1 AND person_id = $2";
    both OF_PERSON = "SELECT id, person_id, label, lat, lon, street, patch, since FROM place
        WHERE person_id = $1 ORDER BY since, id";
    // As no patch is higher than $2, the index knows where to begin and where to end.
    both PATCHES = "WITH batch AS MATERIALIZED (SELECT value FROM json_each($1)),
            given AS MATERIALIZED (SELECT CAST(value ->> 'n' AS bigint) AS n,
                CAST(value ->> 'south' AS bigint) AS low, CAST(value ->> 'north' AS bigint) AS high,
                CAST(value ->> 'west' AS bigint) AS from_lon, CAST(value ->> 'east' AS bigint) AS to_lon FROM batch)
        SELECT given.n, place.id, person_id, label, lat, lon, street, patch, since
        FROM given JOIN place ON place.south >= given.low - CAST($2 AS bigint) AND place.south <= given.high
            AND place.north >= given.low AND place.west <= given.to_lon AND place.east >= given.from_lon
        WHERE place.patch IS NOT NULL ORDER BY given.n, person_id, since, place.id";
}

row! { "place", PlaceRow {
    id: String, person_id: String, label: Option<String>, lat: i64, lon: i64, street: Option<String>,
    patch: Option<String>, since: i64,
} }

row! { "place", FoundRow {
    n: i64, id: String, person_id: String, label: Option<String>, lat: i64, lon: i64, street: Option<String>,
    patch: Option<String>, since: i64,
} }

/// Where a block lies, and which it is.
#[derive(Serialize)]
struct Boxed {
    n: usize,
    south: i64,
    north: i64,
    west: i64,
    east: i64,
}

/// A coordinate as it is kept.
pub(crate) fn kept(degrees: f64) -> i64 {
    // A float becomes the nearest integer that exists: what is out of range is no position anyway.
    (degrees * PER_DEGREE).round() as i64
}

/// A coordinate that was kept, in degrees.
pub(crate) fn degrees(kept: i64) -> Option<f64> {
    i32::try_from(kept).ok().map(|kept| f64::from(kept) / PER_DEGREE)
}

impl PlaceRow {
    pub(crate) fn read(self) -> Result<OwnPlace> {
        let broken = |column| Error::broken("place", column, &self.id);
        Ok(OwnPlace {
            id: self.id.parse().map_err(|_| broken("id"))?,
            person: self.person_id.parse().map_err(|_| broken("person_id"))?,
            point: Point {
                lat: degrees(self.lat).ok_or_else(|| broken("lat"))?,
                lon: degrees(self.lon).ok_or_else(|| broken("lon"))?,
            },
            patch: self.patch.as_deref().map(serde_json::from_str).transpose().map_err(|_| broken("patch"))?,
            since: from_micros(self.since),
            label: self.label,
            street: self.street,
        })
    }
}

impl FoundRow {
    fn read(self) -> Result<(usize, OwnPlace)> {
        let Self { n, id, person_id, label, lat, lon, street, patch, since } = self;
        let n = usize::try_from(n).map_err(|_| Error::broken("place", "id", &id))?;
        Ok((n, PlaceRow { id, person_id, label, lat, lon, street, patch, since }.read()?))
    }
}

impl Tx {
    /// The places of a person, in the order they were added.
    pub async fn places(&mut self, person: Uuid) -> Result<Vec<OwnPlace>> {
        let rows: Vec<PlaceRow> = self.conn.all(OF_PERSON, args![person]).await?;
        rows.into_iter().map(PlaceRow::read).collect()
    }

    /// Keeps a place of somebody; the same id again changes it, but not since when it is theirs. `false` when it
    /// is somebody else's.
    pub async fn put_place(&mut self, place: &OwnPlace) -> Result<bool> {
        let key = place.street.as_deref().map(street_key).filter(|key| !key.is_empty());
        let (lat, lon) = (kept(place.point.lat), kept(place.point.lon));
        let patch = place.patch.as_ref().map(serde_json::to_string).transpose()?;
        let corners = place.patch.as_ref().map(Patch::bounds);
        let edge = |of: fn(&(Point, Point)) -> f64| corners.as_ref().map(of).map(kept);
        let (south, north) = (edge(|(low, _)| low.lat), edge(|(_, high)| high.lat));
        let (west, east) = (edge(|(low, _)| low.lon), edge(|(_, high)| high.lon));
        let args = args![
            place.id,
            place.person,
            place.label.clone(),
            lat,
            lon,
            place.street.clone(),
            key,
            patch,
            south,
            north,
            west,
            east,
            place.since
        ];
        Ok(self.conn.exec(PUT, args).await? > 0)
    }

    /// Gives a place of `person` this name, or none. `false` when it is none of theirs.
    pub async fn name_place(&mut self, person: Uuid, place: Uuid, label: Option<&str>) -> Result<bool> {
        Ok(self.conn.exec(NAME, args![place, person, label.map(str::to_owned)]).await? > 0)
    }

    /// Forgets a place of `person`. `false` when it is none of theirs.
    pub async fn drop_place(&mut self, person: Uuid, place: Uuid) -> Result<bool> {
        Ok(self.conn.exec(DROP, args![place, person]).await? > 0)
    }

    /// The places whose patch may meet the block around each of these points, by the number of the point: the box around
    /// the patch meets the block. In the order of points and people.
    pub async fn patches_at(&mut self, points: &[Point]) -> Result<Vec<(usize, OwnPlace)>> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let boxed = |(n, point): (usize, &Point)| {
            let (low, high) = point.block_corners();
            Boxed { n, south: kept(low.lat), north: kept(high.lat), west: kept(low.lon), east: kept(high.lon) }
        };
        let boxes: Vec<Boxed> = points.iter().enumerate().map(boxed).collect();
        let rows: Vec<FoundRow> = self.conn.all(PATCHES, args![batch(&boxes)?, HIGHEST]).await?;
        rows.into_iter().map(FoundRow::read).collect()
    }
}

impl Store {
    /// The places of a person, in the order they were added.
    pub async fn places(&self, person: Uuid) -> Result<Vec<OwnPlace>> {
        let rows: Vec<PlaceRow> = self.inner.db.all(OF_PERSON, args![person]).await?;
        rows.into_iter().map(PlaceRow::read).collect()
    }
}
