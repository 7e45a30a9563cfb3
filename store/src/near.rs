//! Reports that may be about the same thing: those in a box, and those at the same spot.

use crate::{Error, Result, Store, db::args, places::kept, sql::sql};
use schemas::{
    Timestamp, Uuid,
    place::{Place, Point},
};

/// The most reports of one look: the newest count.
pub const MOST: usize = 64;

sql! {
    both IN_BOX = "SELECT id FROM report
        WHERE lat >= CAST($1 AS bigint) AND lat <= CAST($2 AS bigint) AND lon >= CAST($3 AS bigint)
            AND lon <= CAST($4 AS bigint) AND received_at >= $5
        ORDER BY received_at DESC LIMIT CAST($6 AS bigint)";
    both AT_SPOT = "SELECT id FROM report WHERE spot = $1 AND received_at >= $2
        ORDER BY received_at DESC LIMIT CAST($3 AS bigint)";
}

/// What two places have in common when they are the same without a position: the number of a thing of the city, else
/// the address, both without capitals, spaces and signs. `None` when neither is there.
pub fn spot(place: &Place) -> Option<String> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let said = |sort: &str, text: &Option<String>| {
        let plain = plain(text.as_deref().unwrap_or_default());
        (!plain.is_empty()).then(|| format!("{sort}:{plain}"))
    };
    said("asset", &place.asset).or_else(|| said("address", &place.address))
}

impl Store {
    /// The newest reports between the south-western corner `low` and the north-eastern corner `high`, received since.
    pub async fn reports_in_box(&self, low: Point, high: Point, since: Timestamp) -> Result<Vec<Uuid>> {
        let args = args![kept(low.lat), kept(high.lat), kept(low.lon), kept(high.lon), since, MOST];
        ids(self.inner.db.all(IN_BOX, args).await?)
    }

    /// The newest reports at a spot ([`spot`]), received since.
    pub async fn reports_at_spot(&self, spot: &str, since: Timestamp) -> Result<Vec<Uuid>> {
        ids(self.inner.db.all(AT_SPOT, args![spot, since, MOST]).await?)
    }
}

fn ids(rows: Vec<(String,)>) -> Result<Vec<Uuid>> {
    rows.into_iter().map(|(id,)| id.parse().map_err(|_| Error::broken("report", "id", &id))).collect()
}
