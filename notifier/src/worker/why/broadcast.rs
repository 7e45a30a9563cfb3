//! Why somebody was told of a broadcast.

use super::{NoticeWhy, Reach, Whys};
use schemas::{Uuid, reference::Reference};
use serde::Serialize;
use store::About;

/// Everything that one person was sent of a broadcast.
#[derive(Debug, Clone, Serialize)]
pub struct BroadcastWhy {
    /// The broadcast.
    pub broadcast: Uuid,
    /// Its reference, for people.
    pub reference: Reference,
    /// What it is about, in the language of the notice.
    pub subject: String,
    /// The id of the person.
    pub person: String,
    /// Where they can be told, masked.
    pub reach: Vec<Reach>,
    /// What they were sent, in the order it was planned.
    pub notices: Vec<NoticeWhy>,
}

impl Whys {
    /// Everything that the person of notice `id` was sent of its broadcast. `None` when there is no such notice, or
    /// when it tells no broadcast.
    pub async fn broadcast(&self, id: Uuid) -> Result<Option<BroadcastWhy>, store::Error> {
        let Some(view) = self.store.notice(id).await? else { return Ok(None) };
        let About::Broadcast(broadcast) = view.about else { return Ok(None) };
        let addresses = view.person.map(|(_, addresses)| addresses).unwrap_or_default();
        let reach = addresses.iter().map(|known| Reach {
            way: known.address.way(),
            address: known.address.masked(),
            verified: known.verified_at.is_some(),
        });
        let person = view.notice.person;
        let mut tx = self.store.begin().await?;
        let rows = tx.notices_for(broadcast.id, broadcast.id, &person).await?;
        drop(tx);
        let mut notices = Vec::with_capacity(rows.len());
        for row in &rows {
            notices.push(self.row(row).await?);
        }
        let (_, words) = broadcast.words(view.notice.language, &self.city.languages);
        Ok(Some(BroadcastWhy {
            broadcast: broadcast.id,
            reference: broadcast.reference,
            subject: words.subject.clone(),
            person,
            reach: reach.collect(),
            notices,
        }))
    }
}
