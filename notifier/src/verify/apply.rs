//! Does what somebody asked for, once they proved the address.

use super::Verify;
use crate::mine::add_place;
use schemas::{
    notice::Scope,
    person::{Follow, KnownAddress, OwnPlace, Person, Rhythm},
    proof::Proof,
};
use store::{AddressKey, Tx};

impl Verify {
    /// Whose the address of `proof` is, as far as somebody proved it.
    pub(super) async fn owner(&self, tx: &mut Tx, proof: &Proof) -> Result<Option<Person>, store::Error> {
        let key = key_of(proof);
        let owner = tx.addresses_by_keys(&[key]).await?.into_iter().find(|known| known.verified_at.is_some());
        match owner {
            Some(known) => Ok(tx.people(&[known.person]).await?.remove(&known.person)),
            None => Ok(None),
        }
    }

    /// Does what `proof` asks for; returns whose address it is now. `None` when the person that it was to be added to
    /// is forgotten.
    pub(super) async fn apply(&self, tx: &mut Tx, proof: &Proof) -> Result<Option<Person>, store::Error> {
        let now = self.store.clock().now();
        let owner = self.owner(tx, proof).await?;
        let before = owner.as_ref().map(|owner| owner.id);
        let found = match proof.person {
            Some(id) => match tx.people(&[id]).await?.remove(&id) {
                Some(person) => Some(person),
                None => return Ok(None),
            },
            None => owner,
        };
        let is_new = found.is_none();
        let mut person = found.unwrap_or_else(|| Person {
            id: self.store.ids().new_id(),
            token: self.store.ids().token(),
            name: None,
            language: proof.language,
            quiet: None,
            rhythm: Rhythm::AtOnce,
            made_at: now,
        });
        let chosen = proof.wants.language.filter(|language| *language != person.language);
        person.language = chosen.unwrap_or(person.language);
        if is_new || chosen.is_some() {
            tx.put_person(&person).await?;
        }
        self.take(tx, proof, &person, before == Some(person.id)).await?;
        if let Some(other) = before.filter(|other| *other != person.id) {
            tx.forget_unreachable(&other.to_string()).await?;
        }
        for target in &proof.wants.follows {
            let follow = Follow { person: person.id, scope: target.scope, target: target.target.clone() };
            tx.follow(&follow).await?;
        }
        for place in &proof.wants.places {
            // Who has as many as one may have sees so among their choices.
            add_place(tx, &self.city, person.id, place, now).await?;
        }
        self.lift(tx, proof, &person).await?;
        Ok(Some(person))
    }

    /// The address is theirs from now on, in the place of another of the same way.
    async fn take(&self, tx: &mut Tx, proof: &Proof, person: &Person, is_theirs: bool) -> Result<(), store::Error> {
        if is_theirs {
            return Ok(());
        }
        let known = tx.addresses(&[person.id]).await?;
        let (way, key) = (proof.address.way(), proof.key.clone());
        let same: Vec<&KnownAddress> = known.iter().filter(|known| known.address.way() == way).collect();
        let last = known.iter().map(|known| known.rank + 1).max().unwrap_or_default();
        let rank = same.first().map_or(last, |known| known.rank);
        for replaced in same {
            tx.drop_address(&AddressKey { way, key: replaced.key.clone() }).await?;
        }
        let verified_at = Some(self.store.clock().now());
        let address = proof.address.clone();
        tx.put_address(&KnownAddress { person: person.id, address, key, rank, verified_at }).await.map(|_| ())
    }

    /// Lifts exactly what they ask for: what they want to hear of from now on, and with it that they wanted nothing at
    /// all. That things came back is over in any case: this did not.
    async fn lift(&self, tx: &mut Tx, proof: &Proof, person: &Person) -> Result<(), store::Error> {
        let key = key_of(proof);
        let wants_news = proof.person.is_some() || !proof.wants.follows.is_empty() || !proof.wants.places.is_empty();
        let asked = |scope: Scope, target: &str| {
            let place = |wanted| OwnPlace::wanted(person.id, wanted, proof.asked_at).id.to_string();
            proof.wants.follows.iter().any(|follow| follow.scope == scope && follow.target == target)
                || (scope == Scope::Place && proof.wants.places.iter().any(|wanted| place(wanted) == target))
        };
        for found in tx.suppressions(std::slice::from_ref(&key), self.store.clock().now()).await? {
            let is_over = match found.scope {
                Scope::All => wants_news || !found.reason.is_wish(),
                scope => asked(scope, &found.target),
            };
            if is_over {
                tx.lift(&key, found.scope, &found.target).await?;
            }
        }
        Ok(())
    }
}

fn key_of(proof: &Proof) -> AddressKey {
    AddressKey { way: proof.address.way(), key: proof.key.clone() }
}
