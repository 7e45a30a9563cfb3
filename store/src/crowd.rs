//! Whom a broadcast may be about, in the order of their ids, page by page: who follows one thing, and who has a
//! place in a street or in a box. What is read here is looked at again by whoever plans.

use crate::{
    Error, Result, Store,
    db::args,
    places::{PlaceRow, kept},
    sql::sql,
};
use schemas::{Timestamp, Uuid, notice::Scope, person::OwnPlace, place::Point};

sql! {
    both FOLLOWING = "SELECT person_id FROM follow
        WHERE scope = $1 AND target = $2 AND person_id > $3 AND since <= $4
        ORDER BY person_id LIMIT $5";
    both IN_STREET = "SELECT id, person_id, label, lat, lon, street, patch, since FROM place
        WHERE street_key = $1 AND person_id > $2 AND since <= $3
        ORDER BY person_id, since, id LIMIT $4";
    // Walks in the order of people, whatever the size of the box: computed columns keep the index of positions out. A patch
    // is there where the box around it is.
    both IN_BOX = "SELECT id, person_id, label, lat, lon, street, patch, since FROM place
        WHERE person_id > $1 AND since <= $2 AND coalesce(north, lat) >= CAST($3 AS bigint)
            AND coalesce(south, lat) <= CAST($4 AS bigint) AND coalesce(east, lon) >= CAST($5 AS bigint)
            AND coalesce(west, lon) <= CAST($6 AS bigint)
        ORDER BY person_id, since, id LIMIT $7";
}

/// Where to go on.
#[derive(Debug, Clone, Copy)]
pub struct From {
    /// After this person.
    pub after: Uuid,
    /// Only what was there at this moment.
    pub by: Timestamp,
    /// At most so many rows.
    pub limit: usize,
}

fn places(rows: Vec<PlaceRow>) -> Result<Vec<OwnPlace>> {
    rows.into_iter().map(PlaceRow::read).collect()
}

impl Store {
    /// People who follow `target`.
    pub async fn following(&self, scope: Scope, target: &str, from: From) -> Result<Vec<Uuid>> {
        let args = args![scope.as_str(), target, from.after, from.by, from.limit];
        let rows: Vec<(String,)> = self.inner.db.ordered(FOLLOWING, args).await?;
        let read = |(id,): (String,)| id.parse().map_err(|_| Error::broken("follow", "person_id", &id));
        rows.into_iter().map(read).collect()
    }

    /// Places in a street; `key` as [`schemas::person::street_key`] writes it.
    pub async fn places_in_street(&self, key: &str, from: From) -> Result<Vec<OwnPlace>> {
        places(self.inner.db.ordered(IN_STREET, args![key, from.after, from.by, from.limit]).await?)
    }

    /// Places between the south-western corner `low` and the north-eastern corner `high`; with a patch, if the box around
    /// that reaches there.
    pub async fn places_in_box(&self, low: Point, high: Point, from: From) -> Result<Vec<OwnPlace>> {
        let (south, north, west, east) = (kept(low.lat), kept(high.lat), kept(low.lon), kept(high.lon));
        let args = args![from.after, from.by, south, north, west, east, from.limit];
        places(self.inner.db.ordered(IN_BOX, args).await?)
    }
}
