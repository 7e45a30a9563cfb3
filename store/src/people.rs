//! People who are told things, where they are told, what they follow, and what they do not want.

use crate::{
    Error, Result, Store, Tx,
    db::{args, batch, batch_ids, row},
    sql::sql,
};
use hmac::{Hmac, Mac as _};
use schemas::{
    Timestamp, Uuid,
    city::Quiet,
    id::from_micros,
    notice::{Scope, Suppressed},
    person::{Follow, KnownAddress, Person, Rhythm, Suppression},
    report::Language,
    way::{Address, Way},
};
use serde::Serialize;
use sha2::Sha256;
use std::collections::HashMap;

/// Gives addresses their keys: an HMAC-SHA-256 (RFC 2104) of way and address in lower case, with a secret
/// of this city, so that a suppression outlives the address without holding it.
#[derive(Clone)]
pub struct AddressKeys([u8; 32]);

impl AddressKeys {
    /// The key of `address`: 64 hexadecimal digits.
    ///
    /// # Panics
    /// Never: HMAC takes a secret of any length.
    pub fn of(&self, address: &Address) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a secret of any length");
        mac.update(address.way().as_str().as_bytes());
        mac.update(&[0]);
        mac.update(address.normal().as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

sql! {
    both PUT_PERSON = "INSERT INTO person (id, token, name, language, quiet, rhythm, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, language = excluded.language, quiet = excluded.quiet,
            rhythm = excluded.rhythm";
    both PEOPLE = "SELECT id, token, name, language, quiet, rhythm, made_at FROM person
        WHERE id IN (SELECT value ->> 'id' FROM json_each($1))";
    both BY_TOKEN = "SELECT id, token, name, language, quiet, rhythm, made_at FROM person WHERE token = $1";
    // An address belongs to whoever proved last that it is theirs.
    both PUT_ADDRESS = "INSERT INTO address (way, key, person_id, rank, address, verified_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (way, key) DO UPDATE SET person_id = excluded.person_id, rank = excluded.rank,
            address = excluded.address, verified_at = excluded.verified_at
        WHERE address.person_id = excluded.person_id OR excluded.verified_at IS NOT NULL";
    both DROP_ADDRESS = "DELETE FROM address WHERE way = $1 AND key = $2";
    both ADDRESSES = "SELECT way, key, person_id, rank, address, verified_at FROM address
        WHERE person_id IN (SELECT value ->> 'id' FROM json_each($1)) ORDER BY person_id, rank, way, key";
    both BY_KEYS = "SELECT address.way, address.key, person_id, rank, address, verified_at
        FROM (SELECT value ->> 'way' AS by, value ->> 'key' AS of FROM json_each($1)) AS given
        JOIN address ON address.way = given.by AND address.key = given.of";
    both FOLLOW = "INSERT INTO follow (scope, target, person_id, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (scope, target, person_id) DO NOTHING";
    both UNFOLLOW = "DELETE FROM follow WHERE scope = $1 AND target = $2 AND person_id = $3";
    both FOLLOWERS = "SELECT follow.scope, follow.target, person_id
        FROM (SELECT value ->> 'scope' AS kind, value ->> 'target' AS of FROM json_each($1)) AS given
        JOIN follow ON follow.scope = given.kind AND follow.target = given.of
        ORDER BY person_id, follow.scope, follow.target";
    both SINCE = "SELECT follow.scope, follow.target, person_id, since
        FROM (SELECT value ->> 'scope' AS kind, value ->> 'target' AS of FROM json_each($1)) AS given
        JOIN follow ON follow.scope = given.kind AND follow.target = given.of
        ORDER BY person_id, since";
    both FOLLOWS = "SELECT scope, target, person_id FROM follow WHERE person_id = $1 ORDER BY scope, target";
    both SUPPRESS = "INSERT INTO suppression (way, key, scope, target, reason, why, at, until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (way, key, scope, target) DO UPDATE SET reason = excluded.reason, why = excluded.why,
            at = excluded.at, until = excluded.until
        WHERE excluded.reason NOT IN ('bounced', 'gone') OR suppression.reason IN ('bounced', 'gone')
            OR suppression.until <= excluded.at";
    both LIFT = "DELETE FROM suppression WHERE way = $1 AND key = $2 AND scope = $3 AND target = $4";
    both NEWEST = "SELECT way, key, scope, target, reason, why, at, until FROM suppression
        WHERE until IS NULL OR until > $1 ORDER BY at DESC, way, key, scope, target LIMIT $2";
    both SUPPRESSIONS = "SELECT suppression.way, suppression.key, scope, target, reason, why, at, until
        FROM (SELECT value ->> 'way' AS by, value ->> 'key' AS of FROM json_each($1)) AS given
        JOIN suppression ON suppression.way = given.by AND suppression.key = given.of
        WHERE until IS NULL OR until > $2 ORDER BY suppression.way, suppression.key, scope, target";
}

/// An address by its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct AddressKey {
    /// The way.
    pub way: Way,
    /// [`AddressKeys::of`].
    pub key: String,
}

#[derive(Serialize)]
struct FollowKey<'a> {
    scope: Scope,
    target: &'a str,
}

row! { "person", PersonRow {
    id: String, token: String, name: Option<String>, language: String, quiet: Option<String>, rhythm: String,
    made_at: i64,
} }

row! { "address", AddressRow {
    way: String, key: String, person_id: String, rank: i64, address: String, verified_at: Option<i64>,
} }

row! { "follow", FollowRow { scope: String, target: String, person_id: String } }

row! { "suppression", SuppressionRow {
    way: String, key: String, scope: String, target: String, reason: String, why: Option<String>, at: i64,
    until: Option<i64>,
} }

impl PersonRow {
    fn read(self) -> Result<Person> {
        let broken = |column| Error::broken("person", column, &self.id);
        Ok(Person {
            id: self.id.parse().map_err(|_| broken("id"))?,
            language: Language::parse(&self.language).ok_or_else(|| broken("language"))?,
            quiet: match &self.quiet {
                Some(text) => Some(Quiet::parse(text).ok_or_else(|| broken("quiet"))?),
                None => None,
            },
            rhythm: Rhythm::parse(&self.rhythm).ok_or_else(|| broken("rhythm"))?,
            made_at: from_micros(self.made_at),
            token: self.token,
            name: self.name,
        })
    }
}

impl AddressRow {
    fn read(self) -> Result<KnownAddress> {
        let broken = |column| Error::broken("address", column, &self.key);
        let way = Way::parse(&self.way).ok_or_else(|| broken("way"))?;
        Ok(KnownAddress {
            person: self.person_id.parse().map_err(|_| broken("person_id"))?,
            address: Address::read(way, &self.address).ok_or_else(|| broken("address"))?,
            rank: u32::try_from(self.rank).map_err(|_| broken("rank"))?,
            verified_at: self.verified_at.map(from_micros),
            key: self.key,
        })
    }
}

impl FollowRow {
    fn read(self) -> Result<Follow> {
        let broken = |column| Error::broken("follow", column, &self.person_id);
        Ok(Follow {
            person: self.person_id.parse().map_err(|_| broken("person_id"))?,
            scope: Scope::parse(&self.scope).ok_or_else(|| broken("scope"))?,
            target: self.target,
        })
    }
}

impl SuppressionRow {
    fn read(self) -> Result<Suppression> {
        let broken = |column| Error::broken("suppression", column, &self.key);
        Ok(Suppression {
            way: Way::parse(&self.way).ok_or_else(|| broken("way"))?,
            scope: Scope::parse(&self.scope).ok_or_else(|| broken("scope"))?,
            reason: Suppressed::parse(&self.reason).ok_or_else(|| broken("reason"))?,
            at: from_micros(self.at),
            until: self.until.map(from_micros),
            key: self.key,
            target: self.target,
            why: self.why,
        })
    }
}

fn people(rows: Vec<PersonRow>) -> Result<HashMap<Uuid, Person>> {
    rows.into_iter().map(|row| row.read().map(|person| (person.id, person))).collect()
}

fn addresses(rows: Vec<AddressRow>) -> Result<Vec<KnownAddress>> {
    rows.into_iter().map(AddressRow::read).collect()
}

impl Tx {
    /// Keeps a person, or what they chose anew; their token and the day they came stay.
    pub async fn put_person(&mut self, person: &Person) -> Result<()> {
        let quiet = person.quiet.map(|quiet| quiet.to_string());
        let (language, rhythm) = (person.language.as_str(), person.rhythm.as_str());
        let (token, name) = (person.token.as_str(), person.name.clone());
        self.conn
            .exec(PUT_PERSON, args![person.id, token, name, language, quiet, rhythm, person.made_at])
            .await
            .map(|_| ())
    }

    /// Keeps an address. `false` when it is somebody else's, and this one did not prove that it is theirs.
    pub async fn put_address(&mut self, known: &KnownAddress) -> Result<bool> {
        let (way, address) = (known.address.way().as_str(), known.address.kept());
        let (key, rank) = (known.key.as_str(), i64::from(known.rank));
        let kept = self
            .conn
            .exec(PUT_ADDRESS, args![way, key, known.person, rank, address.as_str(), known.verified_at])
            .await?;
        Ok(kept > 0)
    }

    /// Forgets an address.
    pub async fn drop_address(&mut self, key: &AddressKey) -> Result<()> {
        self.conn.exec(DROP_ADDRESS, args![key.way.as_str(), key.key.as_str()]).await.map(|_| ())
    }

    /// From now on `follow.person` hears of it.
    pub async fn follow(&mut self, follow: &Follow) -> Result<()> {
        let now = self.clock().now();
        let (scope, target) = (follow.scope.as_str(), follow.target.as_str());
        self.conn.exec(FOLLOW, args![scope, target, follow.person, now]).await.map(|_| ())
    }

    /// From now on they do not. `false` when they did not before.
    pub async fn unfollow(&mut self, follow: &Follow) -> Result<bool> {
        let (scope, target) = (follow.scope.as_str(), follow.target.as_str());
        Ok(self.conn.exec(UNFOLLOW, args![scope, target, follow.person]).await? > 0)
    }

    /// Who follows any of these.
    pub async fn followers(&mut self, of: &[(Scope, String)]) -> Result<Vec<Follow>> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = of.iter().map(|(scope, target)| FollowKey { scope: *scope, target }).collect();
        let rows: Vec<FollowRow> = self.conn.all(FOLLOWERS, vec![batch(&keys)?]).await?;
        rows.into_iter().map(FollowRow::read).collect()
    }

    /// Since when each person follows any of these.
    pub async fn following_since(&mut self, of: &[(Scope, String)]) -> Result<HashMap<Uuid, Timestamp>> {
        let keys: Vec<_> = of.iter().map(|(scope, target)| FollowKey { scope: *scope, target }).collect();
        let rows: Vec<(String, String, String, i64)> = self.conn.all(SINCE, vec![batch(&keys)?]).await?;
        let mut since = HashMap::new();
        for (_, _, person, at) in rows {
            let person = person.parse().map_err(|_| Error::broken("follow", "person_id", &person))?;
            since.entry(person).or_insert_with(|| from_micros(at));
        }
        Ok(since)
    }

    /// People by id; those that do not exist are left out.
    pub async fn people(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, Person>> {
        people(self.conn.all(PEOPLE, vec![batch_ids(ids)]).await?)
    }

    /// The addresses of people, each person's in the order they are tried.
    pub async fn addresses(&mut self, people: &[Uuid]) -> Result<Vec<KnownAddress>> {
        addresses(self.conn.all(ADDRESSES, vec![batch_ids(people)]).await?)
    }

    /// Who these addresses belong to, as far as somebody's.
    pub async fn addresses_by_keys(&mut self, keys: &[AddressKey]) -> Result<Vec<KnownAddress>> {
        addresses(self.conn.all(BY_KEYS, vec![batch(keys)?]).await?)
    }

    /// Keeps a wish or a fact; the same scope again replaces it. But no fact replaces a wish that counts:
    /// they would be told another way.
    pub async fn suppress(&mut self, new: &Suppression) -> Result<()> {
        let (way, key, scope) = (new.way.as_str(), new.key.as_str(), new.scope.as_str());
        let (target, reason, why) = (new.target.as_str(), new.reason.as_str(), new.why.clone());
        self.conn.exec(SUPPRESS, args![way, key, scope, target, reason, why, new.at, new.until]).await.map(|_| ())
    }

    /// Lifts a suppression. `false` when there is none.
    pub async fn lift(&mut self, key: &AddressKey, scope: Scope, target: &str) -> Result<bool> {
        let (way, key) = (key.way.as_str(), key.key.as_str());
        Ok(self.conn.exec(LIFT, args![way, key, scope.as_str(), target]).await? > 0)
    }

    /// What these addresses are not told at `now`.
    pub async fn suppressions(&mut self, keys: &[AddressKey], now: Timestamp) -> Result<Vec<Suppression>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut args = vec![batch(keys)?];
        args.extend(args![now]);
        let rows: Vec<SuppressionRow> = self.conn.all(SUPPRESSIONS, args).await?;
        rows.into_iter().map(SuppressionRow::read).collect()
    }
}

impl Store {
    /// What gives addresses their keys in this city.
    pub async fn address_keys(&self) -> Result<AddressKeys> {
        self.secret("address").await.map(AddressKeys)
    }

    /// A person.
    pub async fn person(&self, id: Uuid) -> Result<Option<Person>> {
        Ok(people(self.inner.db.all(PEOPLE, vec![batch_ids(&[id])]).await?)?.remove(&id))
    }

    /// The person behind a link to their choices.
    pub async fn person_by_token(&self, token: &str) -> Result<Option<Person>> {
        self.inner.db.one::<PersonRow>(BY_TOKEN, args![token]).await?.map(PersonRow::read).transpose()
    }

    /// The addresses of people, each person's in the order they are tried.
    pub async fn addresses(&self, people: &[Uuid]) -> Result<Vec<KnownAddress>> {
        addresses(self.inner.db.all(ADDRESSES, vec![batch_ids(people)]).await?)
    }

    /// People with their addresses, by id.
    pub(crate) async fn people_with_addresses(
        &self,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, (Person, Vec<KnownAddress>)>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let people = people(self.inner.db.all(PEOPLE, vec![batch_ids(ids)]).await?)?;
        let mut found: HashMap<_, _> = people.into_iter().map(|(id, person)| (id, (person, Vec::new()))).collect();
        for known in self.addresses(ids).await? {
            if let Some((_, addresses)) = found.get_mut(&known.person) {
                addresses.push(known);
            }
        }
        Ok(found)
    }

    /// What a person follows.
    pub async fn follows(&self, person: Uuid) -> Result<Vec<Follow>> {
        let rows: Vec<FollowRow> = self.inner.db.all(FOLLOWS, args![person]).await?;
        rows.into_iter().map(FollowRow::read).collect()
    }

    /// What is not told now, to whom it may be; the newest first, at most `limit`.
    pub async fn newest_suppressions(&self, limit: usize) -> Result<Vec<Suppression>> {
        let rows: Vec<SuppressionRow> = self.inner.db.all(NEWEST, args![self.clock().now(), limit]).await?;
        rows.into_iter().map(SuppressionRow::read).collect()
    }

    /// What these addresses are not told now.
    pub async fn suppressions(&self, keys: &[AddressKey]) -> Result<Vec<Suppression>> {
        let mut args = vec![batch(keys)?];
        args.extend(args![self.clock().now()]);
        let rows: Vec<SuppressionRow> = self.inner.db.all(SUPPRESSIONS, args).await?;
        rows.into_iter().map(SuppressionRow::read).collect()
    }
}
