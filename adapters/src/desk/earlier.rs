//! What is known of the number that calls: its earlier cases, as their reporter or as somebody who follows them; and what
//! the caller adds to one of them.

use super::{Desk, may_read};
use schemas::{
    Uuid,
    account::Account,
    audit::Deed,
    case::Case,
    id::derived,
    phone, reply,
    report::Report,
    trace::Trace,
    way::{Address, Way},
};
use std::collections::BTreeMap;
use store::AddressKey;

/// The most cases that are shown.
pub const MOST: usize = 8;
/// Who marks what was added as heard.
const READER: &str = "desk";

/// An earlier case of a number.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// What was told then.
    pub report: Report,
    /// What became of it; nothing before it is decided.
    pub case: Option<Case>,
    /// They told it themselves; otherwise they follow it.
    pub own: bool,
    /// Whether whoever asks may read it.
    pub readable: bool,
}

/// What became of words that a caller adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// They are on their way to whoever has the case; or were before.
    Yes,
    /// There is nothing to read in them.
    Empty,
    /// They may not read that case, or there is none.
    Unknown,
}

impl Desk {
    /// The cases of `number`, the newest first, at most [`MOST`]. Nothing when it is no telephone number.
    pub async fn earlier(&self, account: &Account, number: &str) -> Result<Vec<Earlier>, store::Error> {
        let (store, city) = (&self.tools.store, &self.tools.city);
        let Some(phone) = phone::read(number, &city.country) else { return Ok(Vec::new()) };
        // Of two numbers that end alike, only the one that calls.
        let same = |other: &str| phone::read(other, &city.country).is_some_and(|other| other.e164 == phone.e164);
        let told = store.reports_by_phone(&phone.e164).await?;
        let mut own: BTreeMap<Uuid, bool> =
            told.into_iter().filter(|(_, other)| same(other)).map(|(id, _)| (id, true)).collect();
        let keys = store.address_keys().await?;
        let key = |way, address: Address| AddressKey { way, key: keys.of(&address) };
        let known = [key(Way::Sms, Address::Sms(phone.e164.clone())), key(Way::Call, Address::Call(phone.e164))];
        for followed in store.cases_followed_by(&known).await? {
            own.entry(followed).or_insert(false);
        }
        // Ids sort by time.
        let ids: Vec<Uuid> = own.keys().rev().take(MOST).copied().collect();
        let mut reports = store.reports_by_ids(&ids).await?;
        let mut cases = store.cases_by_ids(&ids).await?;
        let shown = ids.into_iter().filter_map(|id| {
            let (report, case) = (reports.remove(&id)?, cases.remove(&id));
            let readable = may_read(city, account, &report, case.as_ref());
            Some(Earlier { own: own.get(&id).copied().unwrap_or_default(), report, case, readable })
        });
        Ok(shown.collect())
    }

    /// A caller adds `words` to a case: they go to whoever has it, as if the resident had written back. `page` is the
    /// unguessable id of the page that they were typed on: sent twice is said once.
    pub async fn join(
        &self,
        account: &Account,
        report: &Report,
        page: &str,
        words: &str,
        trace: Trace,
    ) -> Result<Joined, store::Error> {
        let store = &self.tools.store;
        let case = store.cases_by_ids(&[report.id]).await?.remove(&report.id);
        if case.is_none() || !may_read(&self.tools.city, account, report, case.as_ref()) {
            return Ok(Joined::Unknown);
        }
        let now = self.tools.clock.now();
        let id = derived(&["desk-join", &report.id.to_string(), page]);
        let Some(letter) = reply::wrote_back(report.id, id, words, trace, now) else { return Ok(Joined::Empty) };
        let mut tx = store.begin().await?;
        if tx.seen(READER, &[id]).await?.is_empty() {
            return Ok(Joined::Yes);
        }
        tx.post(&[letter]).await?;
        tx.audit(&account.name, Deed::DeskJoin, &report.reference.to_string(), "").await?;
        tx.commit().await?;
        Ok(Joined::Yes)
    }
}
