//! Who may be told of the events of a batch: the reporter of each case, and who follows it.

use super::patches::{Chosen, Patches};
use crate::plan::{REPORTER, Recipient};
use schemas::{
    Timestamp, Uuid,
    city::City,
    event::{CaseEvent, What},
    notice::{Because, Scope},
    person::{KnownAddress, Person, Rhythm, Suppression},
    report::{Contact, Report},
    way::{Address, Way},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::{AddressKey, AddressKeys, ReportDevice, Tx};

/// The channel of reports by mail.
const BY_MAIL: &str = "email";

/// Everything about a batch that its plans need, read once.
#[derive(Default)]
pub(super) struct Audience {
    pub(super) reports: HashMap<Uuid, Report>,
    contacts: HashMap<Uuid, Contact>,
    devices: HashMap<Uuid, Vec<ReportDevice>>,
    /// Who follows what; by scope and target.
    follows: BTreeMap<(Scope, String), Vec<Uuid>>,
    people: HashMap<Uuid, Person>,
    /// Whose the addresses of reporters are, where somebody proved it: their choices count.
    owners: HashMap<AddressKey, Uuid>,
    addresses: BTreeMap<Uuid, Vec<KnownAddress>>,
    suppressions: HashMap<AddressKey, Vec<Suppression>>,
    /// Reports by mail of somebody who was answered a moment before.
    hushed: HashSet<Uuid>,
    /// The duplicates of main cases.
    duplicates: HashMap<Uuid, Vec<Uuid>>,
    /// The cases that everybody may know of, among those with something for followers.
    public: HashSet<Uuid>,
    /// Who chose a part of the city that these lie in.
    patches: Patches,
}

impl Audience {
    /// Reads what is known of everybody who may hear of `events`.
    pub(super) async fn read(
        tx: &mut Tx,
        city: &City,
        keys: &AddressKeys,
        events: &[&CaseEvent],
        now: Timestamp,
    ) -> Result<Self, store::Error> {
        let mut cases: BTreeSet<Uuid> = events.iter().map(|event| event.case_id).collect();
        let mains: BTreeSet<Uuid> =
            events.iter().filter(|event| event.what.is_for_duplicates()).map(|event| event.case_id).collect();
        let mut duplicates: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for merged in tx.duplicates(&mains.into_iter().collect::<Vec<_>>()).await? {
            cases.insert(merged.case);
            duplicates.entry(merged.main).or_default().push(merged.case);
        }
        let cases: Vec<Uuid> = cases.into_iter().collect();
        let reports = tx.reports(&cases).await?;
        let by_mail = reports.values().filter(|report| report.channel.as_str() == BY_MAIL).map(|report| report.id);
        let hushed = tx.unacknowledged(&by_mail.collect::<Vec<_>>()).await?;
        let contacts = tx.contacts(&cases).await?;
        let public = public(tx, city, events).await?;
        let mut devices: HashMap<Uuid, Vec<ReportDevice>> = HashMap::new();
        for device in tx.devices(&cases).await? {
            devices.entry(device.report).or_default().push(device);
        }
        let targets: BTreeSet<(Scope, String)> = public
            .iter()
            .filter_map(|case| reports.get(case))
            .flat_map(|report| {
                let duplicates = duplicates.get(&report.id).into_iter().flatten();
                let of_duplicates = duplicates.map(|id| (Scope::Case, id.to_string()));
                targets(city, report).into_iter().chain(of_duplicates)
            })
            .collect();
        let targets: Vec<_> = targets.into_iter().collect();
        let mut follows: BTreeMap<_, Vec<Uuid>> = BTreeMap::new();
        for follow in tx.followers(&targets).await? {
            follows.entry((follow.scope, follow.target)).or_default().push(follow.person);
        }
        let points = public.iter().filter_map(|case| Some((*case, reports.get(case)?.place.point?)));
        let patches = Patches::read(tx, &points.collect::<Vec<_>>()).await?;
        let of_contacts = contacts.values().flat_map(|contact| contact_addresses(contact, city));
        let of_contacts: BTreeSet<AddressKey> = of_contacts.map(|address| key(keys, &address)).collect();
        let owners = owners(tx, &of_contacts).await?;
        let people: BTreeSet<Uuid> =
            follows.values().flatten().chain(owners.values()).chain(patches.people()).copied().collect();
        let people: Vec<Uuid> = people.into_iter().collect();
        let mut addresses: BTreeMap<Uuid, Vec<KnownAddress>> = BTreeMap::new();
        let known = if people.is_empty() { HashMap::new() } else { tx.people(&people).await? };
        if !people.is_empty() {
            for address in tx.addresses(&people).await? {
                addresses.entry(address.person).or_default().push(address);
            }
        }
        let mut wanted: BTreeSet<AddressKey> = addresses.values().flatten().map(key_of).collect();
        wanted.extend(of_contacts);
        wanted.extend(devices.values().flatten().map(device_key));
        let wanted: Vec<_> = wanted.into_iter().collect();
        let mut suppressions: HashMap<AddressKey, Vec<Suppression>> = HashMap::new();
        for found in tx.suppressions(&wanted, now).await? {
            let of = AddressKey { way: found.way, key: found.key.clone() };
            suppressions.entry(of).or_default().push(found);
        }
        Ok(Self {
            reports,
            contacts,
            devices,
            follows,
            people: known,
            owners,
            addresses,
            suppressions,
            hushed,
            duplicates,
            public,
            patches,
        })
    }

    /// Reads what is known of these people.
    pub(super) async fn of_people(tx: &mut Tx, ids: &[Uuid], now: Timestamp) -> Result<Self, store::Error> {
        let mut read = Self::default();
        if ids.is_empty() {
            return Ok(read);
        }
        read.people = tx.people(ids).await?;
        for address in tx.addresses(ids).await? {
            read.addresses.entry(address.person).or_default().push(address);
        }
        let wanted: BTreeSet<AddressKey> = read.addresses.values().flatten().map(key_of).collect();
        for found in tx.suppressions(&wanted.into_iter().collect::<Vec<_>>(), now).await? {
            let of = AddressKey { way: found.way, key: found.key.clone() };
            read.suppressions.entry(of).or_default().push(found);
        }
        Ok(read)
    }

    /// Who may be told of `event`, the reporter first.
    pub(super) fn of(&self, city: &City, keys: &AddressKeys, event: &CaseEvent) -> Vec<Recipient> {
        // A report that is gone was erased: nobody is left to be told.
        let Some(report) = self.reports.get(&event.case_id) else { return Vec::new() };
        let reporter = self.reporter(city, keys, report).filter(|_| !self.is_hushed(event));
        let mut everybody: Vec<Recipient> = reporter.into_iter().collect();
        let others = self.duplicates.get(&report.id).map_or(&[][..], Vec::as_slice);
        let others: Vec<&Report> = if event.what.is_for_duplicates() {
            others.iter().filter_map(|id| self.reports.get(id)).collect()
        } else {
            Vec::new()
        };
        self.add_reporters(city, keys, event, report, &others, &mut everybody);
        if event.what.is_for_followers() && self.is_public(report.id) {
            // Who told the city of it does not hear of it again because they follow it.
            let mut told: BTreeSet<Uuid> = everybody.iter().filter_map(|to| to.owner).collect();
            let is_own = matches!(event.what, What::Merged { .. } | What::Split { .. });
            // Who follows a topic need not know which cases are the same.
            for (scope, target) in
                targets(city, report).into_iter().filter(|(scope, _)| !is_own || *scope == Scope::Case)
            {
                for person in self.follows.get(&(scope, target.clone())).into_iter().flatten() {
                    if told.insert(*person) {
                        everybody.extend(self.follower(*person, report, city, scope, &target));
                    }
                }
            }
            for (person, chosen) in self.patches.of(report.id).filter(|_| !is_own) {
                if told.insert(person) {
                    everybody.extend(self.chooser(person, chosen, report, city));
                }
            }
            for other in others {
                let target = (Scope::Case, other.id.to_string());
                for person in self.follows.get(&target).into_iter().flatten() {
                    if told.insert(*person) {
                        let to = self.follower(*person, other, city, Scope::Case, &target.1);
                        everybody.extend(to.map(|to| of_duplicate(to, other, event)));
                    }
                }
            }
        }
        everybody
    }

    /// Adds who reported the same as `report`, each human once: not who is told by an address of theirs already.
    fn add_reporters(
        &self,
        city: &City,
        keys: &AddressKeys,
        event: &CaseEvent,
        report: &Report,
        others: &[&Report],
        everybody: &mut Vec<Recipient>,
    ) {
        if others.is_empty() {
            return;
        }
        let is_told = everybody.iter().any(|to| to.wish.is_none());
        let mut told: Vec<Vec<AddressKey>> = Vec::new();
        told.extend(is_told.then(|| self.keyed(city, keys, report).into_iter().map(|(_, key)| key).collect()));
        for other in others {
            let mine: Vec<AddressKey> = self.keyed(city, keys, other).into_iter().map(|(_, key)| key).collect();
            let Some(first) = mine.first() else { continue };
            if told.iter().any(|theirs| theirs.contains(first) || theirs.first().is_some_and(|key| mine.contains(key)))
            {
                continue;
            }
            let Some(to) = self.reporter(city, keys, other) else { continue };
            let is_owner = |known: &Recipient| to.owner.is_some() && known.owner == to.owner && known.wish.is_none();
            if everybody.iter().any(is_owner) {
                continue;
            }
            if to.wish.is_none() {
                told.push(mine);
            }
            everybody.push(of_duplicate(to, other, event));
        }
    }

    /// Whether everybody may know of this case; asked of those with something for followers.
    pub(super) fn is_public(&self, case: Uuid) -> bool {
        self.public.contains(&case)
    }

    /// Since when each person has a place with a patch that this case lies in.
    pub(super) fn chosen_since(&self, case: Uuid) -> impl Iterator<Item = (Uuid, Timestamp)> {
        self.patches.of(case).filter_map(|(person, chosen)| Some((person, chosen.iter().map(|one| one.since).min()?)))
    }

    /// Whether the reporter is not told of `event` because their mail came soon after another: that it was received,
    /// and who has it now. What happens to it later they hear.
    pub(super) fn is_hushed(&self, event: &CaseEvent) -> bool {
        let is_first = match &event.what {
            What::Received => true,
            What::Routed { rerouted_from, instead_of, .. } => rerouted_from.is_none() && instead_of.is_none(),
            _ => false,
        };
        is_first && self.hushed.contains(&event.case_id)
    }

    /// Whether `event` matters for somebody's safety: who told it says so, or the city does of all such cases.
    pub(super) fn is_critical(&self, city: &City, event: &CaseEvent) -> bool {
        let category = self.reports.get(&event.case_id).and_then(|report| city.category(&report.category));
        event.critical || category.is_some_and(|category| category.critical)
    }

    /// Where the reporter of `report` is told, the way they want first.
    fn keyed(&self, city: &City, keys: &AddressKeys, report: &Report) -> Vec<(Way, AddressKey)> {
        let devices = self.devices.get(&report.id).map(Vec::as_slice).unwrap_or_default();
        // Who asks for nothing by mail and then asks for it on a device wants it there, and nowhere else.
        let contact = report.tell.way().and_then(|_| self.contacts.get(&report.id));
        let mut addresses: Vec<Address> = contact.iter().flat_map(|contact| contact_addresses(contact, city)).collect();
        addresses.sort_by_key(|address| Some(address.way()) != report.tell.way());
        self.in_order_of_owner(keys, &mut addresses);
        // A device was added after the report: that is what they asked for last.
        let mut keyed: Vec<(Way, AddressKey)> = devices.iter().map(|device| (Way::Push, device_key(device))).collect();
        keyed.extend(addresses.iter().map(|a| (a.way(), key(keys, a))));
        keyed
    }

    fn reporter(&self, city: &City, keys: &AddressKeys, report: &Report) -> Option<Recipient> {
        let keyed = self.keyed(city, keys, report);
        if keyed.is_empty() {
            return None;
        }
        let owner = keyed.iter().find_map(|(_, key)| self.owners.get(key)).and_then(|id| self.people.get(id));
        let mut to = Recipient {
            person: REPORTER.to_owned(),
            language: owner.map_or(report.language, |owner| owner.language),
            because: vec![Because::Reporter],
            ways: Vec::new(),
            devices: Vec::new(),
            wish: None,
            dead: Vec::new(),
            quiet: owner.and_then(|owner| owner.quiet),
            rhythm: owner.map_or(Rhythm::AtOnce, |owner| owner.rhythm),
            owner: owner.map(|owner| owner.id),
            of: None,
        };
        self.fill(&mut to, &keyed, &targets(city, report));
        Some(to)
    }

    /// Whoever put their ways in an order is told in that order, whatever they ticked on a report.
    fn in_order_of_owner(&self, keys: &AddressKeys, addresses: &mut [Address]) {
        let owner = addresses.iter().find_map(|address| self.owners.get(&key(keys, address)));
        let Some(known) = owner.and_then(|owner| self.addresses.get(owner)) else { return };
        let mut ways: Vec<Way> = Vec::new();
        for known in known.iter().filter(|known| known.verified_at.is_some()) {
            if !ways.contains(&known.address.way()) {
                ways.push(known.address.way());
            }
        }
        // Who has but one way proven put nothing in an order.
        if ways.len() > 1 {
            let place = |way: Way| ways.iter().position(|known| *known == way).unwrap_or(ways.len());
            addresses.sort_by_key(|address| place(address.way()));
        }
    }

    fn follower(&self, id: Uuid, report: &Report, city: &City, scope: Scope, target: &str) -> Option<Recipient> {
        self.member(id, Because::Follows { scope, target: target.to_owned() }, &targets(city, report))
    }

    /// Somebody in whose patches the case lies: told for the first of these places that they did not silence.
    fn chooser(&self, id: Uuid, chosen: &[Chosen], report: &Report, city: &City) -> Option<Recipient> {
        let about = targets(city, report);
        let told = |one: &Chosen| {
            let (scope, target) = (Scope::Place, one.place.to_string());
            let targets = [about.as_slice(), &[(scope, target.clone())]].concat();
            self.member(id, Because::Follows { scope, target }, &targets)
        };
        let mut all = chosen.iter().filter_map(told);
        let first = all.next()?;
        Some(if first.wish.is_some() { all.find(|to| to.wish.is_none()).unwrap_or(first) } else { first })
    }

    /// A person who may be told `because` of that, of something that is about `targets`.
    pub(super) fn member(&self, id: Uuid, because: Because, targets: &[(Scope, String)]) -> Option<Recipient> {
        let person = self.people.get(&id)?;
        let keyed: Vec<(Way, AddressKey)> = self
            .addresses
            .get(&id)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .filter(|known| known.verified_at.is_some())
            .map(|known| (known.address.way(), key_of(known)))
            .collect();
        let mut to = Recipient {
            person: id.to_string(),
            language: person.language,
            because: vec![because],
            ways: Vec::new(),
            devices: Vec::new(),
            wish: None,
            dead: Vec::new(),
            quiet: person.quiet,
            rhythm: person.rhythm,
            owner: Some(id),
            of: None,
        };
        self.fill(&mut to, &keyed, targets);
        Some(to)
    }

    /// The ways of somebody with these addresses, and what they do not want of `targets`.
    fn fill(&self, to: &mut Recipient, addresses: &[(Way, AddressKey)], targets: &[(Scope, String)]) {
        let mut gone = None;
        for (way, key) in addresses {
            if !to.ways.contains(way) {
                to.ways.push(*way);
            }
            let mut fact = None;
            for found in self.suppressions.get(key).into_iter().flatten() {
                let applies = found.scope == Scope::All
                    || targets.iter().any(|(scope, target)| *scope == found.scope && *target == found.target);
                if !applies {
                    continue;
                }
                if found.reason.is_wish() {
                    to.wish.get_or_insert((found.reason, found.scope));
                } else {
                    fact = Some(found.reason);
                }
            }
            match (*way, fact) {
                (Way::Push, None) => to.devices.push(key.key.clone()),
                // One device that is gone says nothing of the others.
                (Way::Push, Some(fact)) => gone = Some(fact),
                (way, fact) => to.dead.extend(fact.map(|fact| (way, fact))),
            }
        }
        if to.devices.is_empty() {
            to.dead.extend(gone.map(|fact| (Way::Push, fact)));
        }
    }
}

/// The cases that everybody may know of, among those with something for followers.
async fn public(tx: &mut Tx, city: &City, events: &[&CaseEvent]) -> Result<HashSet<Uuid>, store::Error> {
    let cases = events.iter().filter(|event| event.what.is_for_followers()).map(|event| event.case_id);
    let cases: BTreeSet<Uuid> = cases.collect();
    let glimpses = tx.glimpses(&cases.into_iter().collect::<Vec<_>>()).await?;
    Ok(glimpses.into_iter().filter(|glimpse| glimpse.is_public(city)).map(|glimpse| glimpse.id).collect())
}

/// `to` hears of `event` because their own case, that of `report`, was merged into its case.
fn of_duplicate(mut to: Recipient, report: &Report, event: &CaseEvent) -> Recipient {
    to.because.push(Because::Merged { report: report.reference, with: event.reference, main: event.case_id });
    to.of = Some(report.id);
    to
}

/// What a report is about, as somebody may follow or refuse it; the narrowest first.
pub(super) fn targets(city: &City, report: &Report) -> Vec<(Scope, String)> {
    let category = report.category.as_str();
    let group = category.split('/').next().unwrap_or(category);
    let areas = report.place.point.map(|point| city.areas.locate(point)).unwrap_or_default();
    let mut targets = vec![(Scope::Case, report.id.to_string())];
    targets.extend([category, group].map(|topic| (Scope::Topic, topic.to_owned())));
    targets.extend(areas.into_iter().map(|area| (Scope::Area, area.to_string())));
    targets
}

/// Every address that a reporter left, mail first.
pub(crate) fn contact_addresses<'a>(contact: &'a Contact, city: &'a City) -> impl Iterator<Item = Address> + 'a {
    [Way::Email, Way::Sms, Way::Letter, Way::Call].into_iter().filter_map(|way| contact.address(way, &city.country))
}

/// Whose these addresses are, as far as somebody proved it.
async fn owners(tx: &mut Tx, keys: &BTreeSet<AddressKey>) -> Result<HashMap<AddressKey, Uuid>, store::Error> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<AddressKey> = keys.iter().cloned().collect();
    let known = tx.addresses_by_keys(&keys).await?.into_iter().filter(|known| known.verified_at.is_some());
    Ok(known.map(|known| (key_of(&known), known.person)).collect())
}

fn key(keys: &AddressKeys, address: &Address) -> AddressKey {
    AddressKey { way: address.way(), key: keys.of(address) }
}

fn device_key(device: &ReportDevice) -> AddressKey {
    AddressKey { way: Way::Push, key: device.key.clone() }
}

fn key_of(known: &KnownAddress) -> AddressKey {
    AddressKey { way: known.address.way(), key: known.key.clone() }
}
