//! Places that people want to hear about.

use crate::{
    Error, Result, Store, Tx,
    db::{args, row},
    sql::sql,
};
use schemas::{
    Uuid,
    id::from_micros,
    person::{OwnPlace, street_key},
    place::Point,
};

/// So many of the units in which positions are kept make a degree.
const PER_DEGREE: f64 = 1_000_000.0;

sql! {
    // A place stays with who added it.
    both PUT = "INSERT INTO place (id, person_id, label, lat, lon, street, street_key, since)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id) DO UPDATE SET label = excluded.label, lat = excluded.lat, lon = excluded.lon,
            street = excluded.street, street_key = excluded.street_key
        WHERE place.person_id = excluded.person_id";
    both DROP = "DELETE FROM place WHERE id = $1 AND person_id = $2";
    both OF_PERSON = "SELECT id, person_id, label, lat, lon, street, since FROM place
        WHERE person_id = $1 ORDER BY since, id";
}

row! { "place", PlaceRow {
    id: String, person_id: String, label: Option<String>, lat: i64, lon: i64, street: Option<String>, since: i64,
} }

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
            since: from_micros(self.since),
            label: self.label,
            street: self.street,
        })
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
        let args = args![place.id, place.person, place.label.clone(), lat, lon, place.street.clone(), key, place.since];
        Ok(self.conn.exec(PUT, args).await? > 0)
    }

    /// Forgets a place of `person`. `false` when it is none of theirs.
    pub async fn drop_place(&mut self, person: Uuid, place: Uuid) -> Result<bool> {
        Ok(self.conn.exec(DROP, args![place, person]).await? > 0)
    }
}

impl Store {
    /// The places of a person, in the order they were added.
    pub async fn places(&self, person: Uuid) -> Result<Vec<OwnPlace>> {
        let rows: Vec<PlaceRow> = self.inner.db.all(OF_PERSON, args![person]).await?;
        rows.into_iter().map(PlaceRow::read).collect()
    }
}
