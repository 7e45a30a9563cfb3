//! Who chose a part of the city in which a case lies. What they learn by it is what the map shows everybody: the case, and
//! the block that it lies in.

use schemas::{Timestamp, Uuid, person::OwnPlace, place::Point};
use std::collections::{BTreeMap, HashMap};
use store::Tx;

/// One place of somebody, in whose patch a case lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    /// The place.
    pub(super) place: Uuid,
    /// Since when it is theirs.
    pub(super) since: Timestamp,
}

/// Who chose where the cases of a batch lie.
#[derive(Default)]
pub(super) struct Patches {
    /// By case and by person, in the order they added them.
    of: HashMap<Uuid, BTreeMap<Uuid, Vec<Chosen>>>,
}

impl Patches {
    /// Reads who chose where these cases lie; only public ones may be asked about. Cases of one block are looked up once.
    pub(super) async fn read(tx: &mut Tx, cases: &[(Uuid, Point)]) -> Result<Self, store::Error> {
        let mut blocks: Vec<(Point, Vec<Uuid>)> = Vec::new();
        for (case, point) in cases {
            let block = point.block();
            match blocks.iter_mut().find(|(known, _)| *known == block) {
                Some((_, cases)) => cases.push(*case),
                None => blocks.push((block, vec![*case])),
            }
        }
        let points: Vec<Point> = blocks.iter().map(|(block, _)| *block).collect();
        let mut of: HashMap<Uuid, BTreeMap<Uuid, Vec<Chosen>>> = HashMap::new();
        for (n, OwnPlace { id: place, person, patch, since, .. }) in tx.patches_at(&points).await? {
            let Some((block, cases)) = blocks.get(n) else { continue };
            if !patch.is_some_and(|patch| patch.meets_block_of(*block)) {
                continue;
            }
            for case in cases {
                of.entry(*case).or_default().entry(person).or_default().push(Chosen { place, since });
            }
        }
        Ok(Self { of })
    }

    /// Everybody who chose where this case lies.
    pub(super) fn of(&self, case: Uuid) -> impl Iterator<Item = (Uuid, &[Chosen])> {
        self.of.get(&case).into_iter().flatten().map(|(person, chosen)| (*person, chosen.as_slice()))
    }

    /// Everybody who chose where any of the cases lies.
    pub(super) fn people(&self) -> impl Iterator<Item = &Uuid> {
        self.of.values().flat_map(BTreeMap::keys)
    }
}
