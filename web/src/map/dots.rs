//! All public cases with a place, in the order of a curve that fills the plane (Z order, Morton 1966): what lies in a tile, at
//! any zoom, stands together. So a tile is a look at one stretch, whatever the filter, and nothing has to be kept for it.

use super::{
    filter::{Sieve, Stage},
    mvt::EXTENT,
};
use crate::public::PublicCase;
use schemas::{Uuid, city::City, place::Point, report::Kind};
use std::{collections::HashMap, sync::Arc};

/// The deepest zoom at which cases are gathered; from here on those of one block are together, and nobody else: the signs
/// of two blocks no longer touch.
pub const DEEPEST: u8 = 17;
/// At any zoom before, cases are gathered in so many squares along each side of a tile: each has room for any sign.
const SQUARES: u32 = 8;
/// A square has four parts, each with room for the sign of one case.
const PARTS: u32 = 2 * SQUARES;
/// Units of a tile in one pixel, at the zoom it is made for.
const PIXEL: f64 = EXTENT as f64 / 512.0;
/// No case lies in more areas than these; further ones are not looked at.
const MOST_AREAS: usize = 4;

/// A case as far as tiles and filters go.
#[derive(Debug, Clone, Copy)]
pub struct Dot {
    /// Where on the curve: the bits of both coordinates, in turn.
    code: u64,
    /// Which case.
    id: Uuid,
    /// Its position among those of the city.
    pub category: u16,
    /// The positions of its areas; `u16::MAX` stands for none.
    pub areas: [u16; MOST_AREAS],
    /// When it was reported, in microseconds.
    pub received: i64,
    /// The position of its kind.
    pub kind: u8,
    /// How far it is.
    pub stage: Stage,
}

/// Web Mercator (EPSG:3857) over all that 32 bits can say, from the north-western corner; beyond the edges for the poles.
pub fn mercator(point: Point) -> (f64, f64) {
    let (x, sin) = ((point.lon + 180.0) / 360.0, point.lat.to_radians().sin());
    let y = 0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * std::f64::consts::PI);
    (x * 4_294_967_296.0, y * 4_294_967_296.0)
}

/// The same in whole numbers; nothing near the poles.
fn project(point: Point) -> Option<(u32, u32)> {
    let (x, y) = mercator(point);
    let whole = |part: f64| (0.0..4_294_967_296.0).contains(&part).then_some(part as u32);
    Some((whole(x)?, whole(y)?))
}

/// The column and row of the tile at zoom `z` that holds `point`.
#[cfg(test)]
pub fn tile_of(z: u8, point: Point) -> Option<(u32, u32)> {
    let (x, y) = project(point)?;
    let part = |value: u32| value.checked_shr(32 - u32::from(z)).unwrap_or(0);
    Some((part(x), part(y)))
}

/// Every second bit.
fn spread(value: u32) -> u64 {
    let mut bits = u64::from(value);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Back from [`spread`].
fn gather(code: u64) -> u32 {
    let mut bits = code & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    bits as u32
}

impl Dot {
    /// The dot of `case`; nothing for one without a place, and for what goes on in another case.
    pub fn of(city: &City, case: &PublicCase) -> Option<Self> {
        let (x, y) = project(case.point.filter(|_| !case.is_duplicate())?)?;
        let category = city.categories.iter().position(|category| category.id == case.category)?;
        let mut areas = [u16::MAX; MOST_AREAS];
        let known = case.areas.iter().filter_map(|id| city.areas.all().iter().position(|area| area.id == *id));
        for (place, at) in areas.iter_mut().zip(known) {
            *place = u16::try_from(at).unwrap_or(u16::MAX);
        }
        Some(Self {
            code: spread(x) | spread(y) << 1,
            id: case.id,
            category: u16::try_from(category).ok()?,
            areas,
            received: case.received_at.as_microsecond(),
            kind: Kind::ALL.iter().position(|kind| *kind == case.kind)? as u8,
            stage: Stage::of(case.status),
        })
    }

    /// Where it is, as [`mercator`] has it.
    pub fn place(&self) -> (u32, u32) {
        (gather(self.code), gather(self.code >> 1))
    }
}

/// How far the sign of so many cases reaches from its middle, in pixels, its rim among it: as `assets/js/map.js` draws it.
pub fn reach(n: u64) -> f64 {
    let radius = if n == 1 { 13.0 } else { (17.0 + 3.0 * (n as f64).log10()).min(29.0) };
    radius + 1.25
}

/// Cases that are shown as one.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// In units of the tile, from its north-western corner.
    pub x: u32,
    /// The same.
    pub y: u32,
    /// How many.
    pub n: u64,
    /// The only one.
    pub one: Option<Arc<PublicCase>>,
}

/// The nearest to `middle` at which the sign of `n` cases stays in its square, of so many along the side of a tile; in units
/// of the tile.
fn within(middle: f64, squares: u32, n: u64) -> u32 {
    let wide = f64::from(EXTENT / squares);
    let (begins, reach) = ((middle / wide).floor() * wide, (reach(n) * PIXEL).ceil());
    // What is cut off stays on this side of the middle.
    middle.clamp(begins + reach, begins + wide - reach) as u32
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Dots {
    dots: Vec<Dot>,
    cases: Vec<Arc<PublicCase>>,
}

impl Dots {
    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.dots.len()
    }

    /// The next one: without those that `changes` names, and with what it says of them instead.
    pub fn with(&self, city: &City, changes: &HashMap<Uuid, Option<Arc<PublicCase>>>) -> Self {
        let mut new: Vec<(Dot, Arc<PublicCase>)> =
            changes.values().flatten().filter_map(|case| Some((Dot::of(city, case)?, case.clone()))).collect();
        new.sort_unstable_by_key(|(dot, _)| (dot.code, dot.id));
        let mut new = new.into_iter().peekable();
        let room = self.dots.len() + new.len();
        let mut next = Self { dots: Vec::with_capacity(room), cases: Vec::with_capacity(room) };
        let mut push = |dot: Dot, case: Arc<PublicCase>| {
            next.dots.push(dot);
            next.cases.push(case);
        };
        for (dot, case) in self.dots.iter().zip(&self.cases) {
            if changes.contains_key(&dot.id) {
                continue;
            }
            while let Some((dot, case)) = new.next_if(|(other, _)| (other.code, other.id) < (dot.code, dot.id)) {
                push(dot, case);
            }
            push(*dot, case.clone());
        }
        new.for_each(|(dot, case)| push(dot, case));
        next
    }

    /// The stretch of a tile; `None` for a tile that is not there.
    fn stretch(&self, z: u8, x: u32, y: u32) -> Option<&[Dot]> {
        if z > DEEPEST || x >> z != 0 || y >> z != 0 {
            return None;
        }
        let prefix = spread(x) | spread(y) << 1;
        let shift = 64 - 2 * u32::from(z);
        // A shift by all 64 bits has no meaning: at zoom 0 the tile is everything.
        let prefix_of = |dot: &Dot| dot.code.checked_shr(shift).unwrap_or(0);
        let from = self.dots.partition_point(|dot| prefix_of(dot) < prefix);
        let len = self.dots[from..].partition_point(|dot| prefix_of(dot) == prefix);
        Some(&self.dots[from..from + len])
    }

    /// The case of a dot, by where it stands.
    fn case_of(&self, dot: &Dot) -> Option<Arc<PublicCase>> {
        let at = self.dots.binary_search_by_key(&(dot.code, dot.id), |dot| (dot.code, dot.id)).ok()?;
        self.cases.get(at).cloned()
    }

    /// What is shown in a tile: each case of it that fits is in exactly one cluster. `None` for a tile that is not there.
    ///
    /// Squares of the map lie at the same pixels whatever the tile, and a sign stays within its square, so that no two of them
    /// touch, not over the edge of a tile either. Of a square whose four parts hold at most one case each, each is shown.
    pub fn clusters(&self, sieve: &Sieve, z: u8, x: u32, y: u32) -> Option<Vec<Cluster>> {
        let stretch = self.stretch(z, x, y)?;
        let unit = 4_294_967_296.0 / f64::from(1u32 << z) / f64::from(EXTENT);
        let (west, north) = (u64::from(x) << (32 - z), u64::from(y) << (32 - z));
        let place = |dot: &Dot| {
            let (px, py) = dot.place();
            ((u64::from(px) - west) as f64 / unit, (u64::from(py) - north) as f64 / unit)
        };
        // A square of a tile is a stretch of the curve, too: what is together in it stands together.
        let shift = |squares: u32| 64 - 2 * (u32::from(z) + squares.trailing_zeros());
        let by_block = z == DEEPEST;
        let (square, part) = if by_block { (0, 0) } else { (shift(SQUARES), shift(PARTS)) };
        let mut fitting = stretch.iter().filter(|dot| sieve.holds(dot)).peekable();
        let mut clusters = Vec::new();
        let mut together: Vec<&Dot> = Vec::new();
        while let Some(first) = fitting.next() {
            together.clear();
            together.push(first);
            while let Some(next) = fitting.next_if(|next| next.code >> square == first.code >> square) {
                together.push(next);
            }
            let is_alone = |two: &[&Dot]| two[0].code >> part != two[1].code >> part;
            if !by_block && together.windows(2).all(is_alone) {
                clusters.extend(together.iter().map(|dot| {
                    let (x, y) = place(dot);
                    let at = |middle| within(middle, PARTS, 1);
                    Cluster { x: at(x), y: at(y), n: 1, one: self.case_of(dot) }
                }));
                continue;
            }
            let n = together.len() as u64;
            let (x, y) = together.iter().map(|dot| place(dot)).fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
            let at = |sum: f64| {
                let middle = sum / n as f64;
                if by_block { (middle as u32).min(EXTENT - 1) } else { within(middle, SQUARES, n) }
            };
            let one = if n == 1 { self.case_of(first) } else { None };
            clusters.push(Cluster { x: at(x), y: at(y), n, one });
        }
        // Always in the same order: the same tile has the same tag.
        clusters.sort_unstable_by_key(|cluster| (cluster.y, cluster.x, cluster.n));
        Some(clusters)
    }

    /// Where those are that fit, as [`mercator`] has it.
    pub fn places(&self, sieve: &Sieve) -> impl Iterator<Item = (u32, u32)> {
        self.dots.iter().filter(|dot| sieve.holds(dot)).map(Dot::place)
    }

    /// How many fit, and the `size` of page `page` (from 1), the newest first.
    pub fn page(&self, sieve: &Sieve, page: usize, size: usize) -> (usize, Vec<Arc<PublicCase>>) {
        let fitting = self.dots.iter().zip(&self.cases).filter(|(dot, _)| sieve.holds(dot));
        let mut all: Vec<_> = fitting.map(|(dot, case)| (std::cmp::Reverse((dot.received, dot.id)), case)).collect();
        let from = page.saturating_sub(1).saturating_mul(size);
        if from >= all.len() {
            return (all.len(), Vec::new());
        }
        let order = |one: &(_, &Arc<PublicCase>)| one.0;
        if from > 0 {
            all.select_nth_unstable_by_key(from, order);
        }
        let until = (from + size).min(all.len());
        if until < all.len() {
            all[from..].select_nth_unstable_by_key(until - from, order);
        }
        let shown = &mut all[from..until];
        shown.sort_unstable_by_key(order);
        let shown = shown.iter().map(|(_, case)| Arc::clone(case)).collect();
        (all.len(), shown)
    }
}

#[cfg(test)]
mod tests;
