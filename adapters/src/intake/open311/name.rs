//! By what a request is known again, since GeoReport has no key for that.

use super::{Door, form::Reading};
use schemas::{Timestamp, report::Report, slug::Channel};
use std::time::Duration;

/// So long the same content without a number of the client's own is the same request, sent again. Later somebody means it
/// again: the bin by the bench is full every week.
const SAME_FOR: Duration = Duration::from_secs(24 * 3600);

/// What a request is called, and the report that is called so already.
pub(super) struct Name {
    pub source: String,
    pub kept: Option<Report>,
}

/// The `n`-th request of one content.
fn named(digest: &str, n: u32) -> String {
    format!("open311 {digest} {n}")
}

impl Door {
    /// What the channel calls this request.
    pub(super) async fn name(
        &self,
        channel: &Channel,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Name, store::Error> {
        let store = &self.0.tools.store;
        let kept = async |n: u32| store.report_by_source(channel, &named(&reading.digest, n)).await;
        // They are counted without a gap: the last one is found by doubling, then by halving.
        let (mut last, mut free) = (None, 0);
        while let Some(report) = kept(free).await? {
            if reading.own_id.is_some() {
                return Ok(Name { source: named(&reading.digest, free), kept: Some(report) });
            }
            last = Some((free, report));
            free = free * 2 + 1;
        }
        while let Some((n, _)) = &last
            && free - n > 1
        {
            let middle = n + (free - n) / 2;
            match kept(middle).await? {
                Some(report) => last = Some((middle, report)),
                None => free = middle,
            }
        }
        Ok(match last.filter(|(_, report)| report.received_at + SAME_FOR > now) {
            Some((n, report)) => Name { source: named(&reading.digest, n), kept: Some(report) },
            None => Name { source: named(&reading.digest, free), kept: None },
        })
    }
}
