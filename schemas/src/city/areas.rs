//! The areas of a city: where a point lies, found through an R-tree.

use super::Texts;
use crate::{place::Point, slug::AreaId};
use geo::{
    Contains, Intersects as _, MultiPolygon, Polygon, Relate, coordinate_position::CoordPos, dimensions::Dimensions,
};
use rstar::{AABB, RTree, RTreeObject};

/// One named area.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Its id.
    pub id: AreaId,
    /// Its name.
    pub names: Texts,
    /// Its outline, longitude and latitude in WGS 84 degrees.
    pub outline: MultiPolygon<f64>,
}

#[derive(Debug)]
struct Boxed {
    index: usize,
    bounds: AABB<[f64; 2]>,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

/// All areas of a city and its outline.
#[derive(Debug)]
pub struct Areas {
    areas: Vec<Area>,
    tree: RTree<Boxed>,
    outline: Option<MultiPolygon<f64>>,
}

impl Areas {
    /// Areas that can be asked about; `outline` is the city itself, without one the whole world is
    /// in the city.
    pub fn new(areas: Vec<Area>, outline: Option<MultiPolygon<f64>>) -> Self {
        use geo::BoundingRect;
        let boxes = areas
            .iter()
            .enumerate()
            .filter_map(|(index, area)| {
                let rect = area.outline.bounding_rect()?;
                Some(Boxed {
                    index,
                    bounds: AABB::from_corners([rect.min().x, rect.min().y], [rect.max().x, rect.max().y]),
                })
            })
            .collect();
        Self { areas, tree: RTree::bulk_load(boxes), outline }
    }

    /// Every area, in file order.
    pub fn all(&self) -> &[Area] {
        &self.areas
    }

    /// Every area, to name it.
    pub(crate) fn all_mut(&mut self) -> &mut [Area] {
        &mut self.areas
    }

    /// The area with this id.
    pub fn get(&self, id: &str) -> Option<&Area> {
        self.areas.iter().find(|a| a.id.as_str() == id)
    }

    /// Whether some place may lie in both of these areas; areas that are not there meet nothing.
    pub fn meet(&self, one: &str, other: &str) -> bool {
        match (self.get(one), self.get(other)) {
            // Neighbours share a border, where no place lies.
            (Some(one), Some(other)) => {
                one.id == other.id
                    || one.outline.relate(&other.outline).get(CoordPos::Inside, CoordPos::Inside) != Dimensions::Empty
            }
            _ => false,
        }
    }

    /// The south-western and the north-eastern corner around the city; nothing without an outline.
    pub fn bounds(&self) -> Option<(Point, Point)> {
        use geo::BoundingRect as _;
        let rect = self.outline.as_ref()?.bounding_rect()?;
        let point = |at: geo::Coord<f64>| Point { lat: at.y, lon: at.x };
        Some((point(rect.min()), point(rect.max())))
    }

    /// Whether `point` lies in the city.
    pub fn in_city(&self, point: Point) -> bool {
        let at = geo::Point::new(point.lon, point.lat);
        at.x().is_finite() && at.y().is_finite() && self.outline.as_ref().is_none_or(|outline| outline.contains(&at))
    }

    /// Whether any of `surface` lies in the city, or on its border.
    pub fn touches_city(&self, surface: &Polygon<f64>) -> bool {
        self.outline.as_ref().is_none_or(|outline| outline.intersects(surface))
    }

    /// The areas that have something in common with `surface`, in file order.
    pub fn meeting(&self, surface: &Polygon<f64>) -> impl Iterator<Item = &Area> {
        self.areas.iter().filter(move |area| area.outline.intersects(surface))
    }

    /// The areas that hold `point`, in file order; none for a point in no area.
    pub fn locate(&self, point: Point) -> Vec<AreaId> {
        let at = geo::Point::new(point.lon, point.lat);
        if !(at.x().is_finite() && at.y().is_finite()) {
            return Vec::new();
        }
        let mut found: Vec<usize> = self
            .tree
            .locate_in_envelope_intersecting(&AABB::from_point([at.x(), at.y()]))
            .filter(|boxed| self.areas[boxed.index].outline.contains(&at))
            .map(|boxed| boxed.index)
            .collect();
        found.sort_unstable();
        found.into_iter().map(|index| self.areas[index].id.clone()).collect()
    }
}
