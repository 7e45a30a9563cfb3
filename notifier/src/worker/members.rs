//! Whom a broadcast is for: the next people in the order of their ids, each with why they are told.

use super::audience::Audience as Known;
use crate::plan::Recipient;
use schemas::{
    Timestamp, Uuid,
    broadcast::{Audience, Draft, Reach},
    city::City,
    notice::{Because, Scope},
    person::OwnPlace,
    way::Way,
};
use std::collections::BTreeMap;
use store::{CrowdFrom, Store, Tx};

/// Some of the people that a broadcast is for.
#[derive(Debug)]
pub(crate) struct Members {
    /// In the order of their ids. Who chose another language than the broadcast is for is not among them.
    pub(crate) people: Vec<(Uuid, Recipient)>,
    /// Everybody up to this person was looked at; `None`: there is nobody after them.
    pub(crate) until: Option<Uuid>,
}

/// The next people that `draft` is for, at most as many as `from` says.
pub(crate) async fn next(
    store: &Store,
    tx: &mut Tx,
    city: &City,
    draft: &Draft,
    from: CrowdFrom,
) -> Result<Members, store::Error> {
    let reach = Reach::new(&draft.audience, &city.areas, &city.streets);
    let Found { people: found, until } = find(store, &reach, from).await?;
    let ids: Vec<Uuid> = found.keys().copied().collect();
    let known = Known::of_people(tx, &ids, store.clock().now()).await?;
    let mut people = Vec::with_capacity(found.len());
    for (id, because) in found {
        people.extend(member(&known, draft, id, because).map(|to| (id, to)));
    }
    Ok(Members { people, until })
}

/// One person that `draft` was for, with the reason that they were told for then.
pub(crate) async fn one(
    tx: &mut Tx,
    draft: &Draft,
    id: Uuid,
    because: Because,
    now: Timestamp,
) -> Result<Option<Recipient>, store::Error> {
    let known = Known::of_people(tx, &[id], now).await?;
    Ok(member(&known, draft, id, because))
}

/// What a broadcast is about for somebody who is told of it because of this, as they may refuse it.
pub(crate) fn targets(audience: &Audience, broadcast: Option<Uuid>, because: &Because) -> Vec<(Scope, String)> {
    let mut targets: Vec<_> = broadcast.map(|id| (Scope::Case, id.to_string())).into_iter().collect();
    targets.extend(audience.about());
    match because {
        Because::Place { place, .. } => targets.push((Scope::Place, place.to_string())),
        Because::Follows { scope, target } => targets.push((*scope, target.clone())),
        _ => {}
    }
    targets
}

fn member(known: &Known, draft: &Draft, id: Uuid, because: Because) -> Option<Recipient> {
    let targets = targets(&draft.audience, None, &because);
    let mut to = known.member(id, because, &targets)?;
    let only = &draft.audience;
    if !(only.languages.is_empty() || only.languages.contains(&to.language)) {
        return None;
    }
    to.ways.retain(|way| only.ways.is_empty() || only.ways.contains(way));
    if !to.ways.contains(&Way::Push) {
        to.devices.clear();
    }
    Some(to)
}

/// People found, and how far that is everybody.
struct Found {
    people: BTreeMap<Uuid, Because>,
    until: Option<Uuid>,
}

impl Found {
    /// Takes in what one source gave, in the order of people; `is_full`: it may have more after that.
    fn add(&mut self, found: impl Iterator<Item = (Uuid, Option<Because>)>, is_full: bool, is_whole: bool) {
        let (mut last, mut before) = (None, None);
        for (person, because) in found {
            if last != Some(person) {
                before = last.replace(person);
            }
            if let Some(because) = because {
                self.people.entry(person).or_insert(because);
            }
        }
        if is_full {
            // Of the last person there may be more to come.
            let until = if is_whole { last } else { before.or(last) };
            self.until = match (self.until, until) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
}

async fn find(store: &Store, reach: &Reach, from: CrowdFrom) -> Result<Found, store::Error> {
    let mut found = Found { people: BTreeMap::new(), until: None };
    let is_full = |n: usize| n >= from.limit;
    let why = |place: &OwnPlace| (place.person, reach.place(place));
    if let Some((low, high)) = reach.bounds() {
        let places = store.places_in_box(low, high, from).await?;
        found.add(places.iter().map(why), is_full(places.len()), false);
    }
    for street in reach.streets() {
        let places = store.places_in_street(street, from).await?;
        found.add(places.iter().map(why), is_full(places.len()), false);
    }
    for (scope, target) in reach.follows() {
        let people = store.following(*scope, target, from).await?;
        let follows = || Because::Follows { scope: *scope, target: target.clone() };
        let full = is_full(people.len());
        found.add(people.into_iter().map(|person| (person, Some(follows()))), full, true);
    }
    if let Some(until) = found.until {
        found.people.retain(|person, _| *person <= until);
    }
    if let Some((first_left, _)) = found.people.iter().nth(from.limit) {
        let first_left = *first_left;
        found.people.split_off(&first_left);
        found.until = found.people.keys().next_back().copied();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn everybody_up_to_a_person_means_everybody_of_every_source() {
        let mut found = Found { people: BTreeMap::new(), until: None };
        let why = |n| (id(n), Some(Because::Reporter));
        found.add([why(1), why(9)].into_iter(), false, true);
        assert_eq!(found.until, None, "it has no more");
        found.add([why(2), (id(4), None), (id(4), None)].into_iter(), true, false);
        assert_eq!(found.until, Some(id(2)), "the fourth may have another place, where it is");
        found.add([why(5), why(7)].into_iter(), true, true);
        assert_eq!(found.until, Some(id(2)));
        assert_eq!(found.people.keys().copied().collect::<Vec<_>>(), [1, 2, 5, 7, 9].map(id));
        let mut one = Found { people: BTreeMap::new(), until: None };
        one.add([why(3), why(3)].into_iter(), true, false);
        assert_eq!(one.until, Some(id(3)), "it goes on whatever happens");
    }
}
