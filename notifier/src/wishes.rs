//! What somebody says by the link in a notice: no more of this, no more at all, or tell me again.
//! Whoever holds the link speaks for the address that the notice went to, and for nothing else.

use crate::worker::address_of;
use schemas::{
    city::City,
    notice::{Notice, Scope, Suppressed},
    person::Suppression,
};
use std::sync::Arc;
use store::{About, AddressKey, AddressKeys, NoticeTokens, Store, Tx};

/// What somebody wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing more about this case; of a broadcast: about the place, district or topic that they are told of it for.
    NotThis,
    /// Nothing more about anything.
    Nothing,
    /// To be told again, about this case and about everything.
    Again,
}

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The notice that held it.
    pub notice: Notice,
    /// What that was about.
    pub about: About,
    /// What they do not want now, the widest.
    pub stopped: Option<Scope>,
}

/// Reads and keeps wishes.
pub struct Wishes {
    store: Store,
    city: Arc<City>,
    keys: AddressKeys,
    tokens: NoticeTokens,
}

impl Wishes {
    /// The wishes of the people of `city`.
    pub async fn open(store: &Store, city: &Arc<City>) -> Result<Self, store::Error> {
        let (keys, tokens) = (store.address_keys().await?, store.notice_tokens().await?);
        Ok(Self { store: store.clone(), city: city.clone(), keys, tokens })
    }

    /// What the link with `token` leads to; nothing when it is none of ours, or when what it was about is
    /// erased.
    pub async fn look(&self, token: &str) -> Result<Option<Opened>, store::Error> {
        let Some(id) = self.tokens.read_wish(token) else { return Ok(None) };
        let Some(view) = self.store.notice(id).await? else { return Ok(None) };
        let mut tx = self.store.begin().await?;
        let stopped = match address_of(&self.city, &self.keys, &mut tx, &view.notice).await? {
            Some(key) => self.stops(&mut tx, &key, &view.notice).await?.iter().map(|stop| stop.scope).max(),
            None => None,
        };
        Ok(Some(Opened { notice: view.notice, about: view.about, stopped }))
    }

    /// Keeps `wish`, said by the link with `token`. Twice is once. `false` when it is none of ours.
    pub async fn say(&self, token: &str, wish: Wish) -> Result<bool, store::Error> {
        let Some(id) = self.tokens.read_wish(token) else { return Ok(false) };
        let mut tx = self.store.begin().await?;
        let Some(row) = tx.notices(&[id]).await?.remove(&id) else { return Ok(false) };
        let notice = row.notice;
        // An address that is erased is told nothing anyway.
        let Some(key) = address_of(&self.city, &self.keys, &mut tx, &notice).await? else { return Ok(true) };
        match wish {
            // A digest is about no single case: who wants none of it wants nothing.
            Wish::NotThis if notice.template == "digest" => self.stop(&mut tx, key, Scope::All, String::new()).await?,
            Wish::NotThis => {
                let (scope, target) = notice.this();
                self.stop(&mut tx, key, scope, target).await?;
            }
            Wish::Nothing => self.stop(&mut tx, key, Scope::All, String::new()).await?,
            Wish::Again => {
                for stop in self.stops(&mut tx, &key, &notice).await? {
                    tx.lift(&key, stop.scope, &stop.target).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn stop(&self, tx: &mut Tx, key: AddressKey, scope: Scope, target: String) -> Result<(), store::Error> {
        let AddressKey { way, key } = key;
        let (reason, at) = (Suppressed::Unsubscribed, self.store.clock().now());
        tx.suppress(&Suppression { way, key, scope, target, reason, why: None, at, until: None }).await
    }

    /// The wishes that keep `notice` and all others of its case from an address.
    async fn stops(&self, tx: &mut Tx, key: &AddressKey, notice: &Notice) -> Result<Vec<Suppression>, store::Error> {
        let (scope, target) = notice.this();
        let mut found = tx.suppressions(std::slice::from_ref(key), self.store.clock().now()).await?;
        found.retain(|stop| {
            let here = stop.scope == Scope::All || (stop.scope == scope && stop.target == target);
            stop.reason.is_wish() && here
        });
        Ok(found)
    }
}
