//! Who looks after a place: layers of lines and surfaces, each with the owner of what it draws. A
//! city road, a regional road and a private road look the same to a resident.

use crate::{place::Point, slug::Slug};
use geo::{BoundingRect as _, Contains as _, LineString, Polygon};
use rstar::{
    AABB, PointDistance as _, RTree,
    primitives::{GeomWithData, Line, Rectangle},
};

/// What can have an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Roads.
    Road,
    /// Parks, verges, woods.
    Green,
    /// Rivers, brooks, ditches.
    Watercourse,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 3] = [Self::Road, Self::Green, Self::Watercourse];

    /// As `city.yaml` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Road => "road",
            Self::Green => "green",
            Self::Watercourse => "watercourse",
        }
    }
}

/// What a feature draws, longitude and latitude in WGS 84 degrees.
#[derive(Debug, Clone, PartialEq)]
pub enum Drawn {
    /// The middle of a road or a stream.
    Lines(Vec<LineString<f64>>),
    /// The land itself.
    Surfaces(Vec<Polygon<f64>>),
}

/// Finds the owner of the nearest thing that a layer draws.
#[derive(Debug)]
pub struct OwnerMap {
    /// Each owner once, in file order; the trees name them by their place here.
    owners: Vec<Slug>,
    /// How far from a line still is that line, in metres.
    within: f64,
    /// The owner of what no feature reaches.
    elsewhere: Option<Slug>,
    /// Metres per degree of longitude and latitude, good to a thousandth within one city.
    scale: [f64; 2],
    /// Pieces of lines in metres, with the feature they belong to.
    lines: RTree<GeomWithData<Line<[f64; 2]>, usize>>,
    surfaces: Vec<(usize, Polygon<f64>)>,
    /// Boxes around the surfaces, in degrees.
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
    /// Feature to owner.
    features: Vec<usize>,
}

/// Metres per degree of latitude; the Earth is round enough for a road.
const DEGREE: f64 = 111_195.0;

impl OwnerMap {
    /// A map of `features` in file order. A line counts up to `within` metres from it; where nothing
    /// is drawn, the owner is `elsewhere`.
    pub fn new(features: Vec<(Slug, Drawn)>, within: f64, elsewhere: Option<Slug>) -> Self {
        let scale = [DEGREE * middle(&features).to_radians().cos(), DEGREE];
        let metres = |point: geo::Coord<f64>| [point.x * scale[0], point.y * scale[1]];
        let (mut owners, mut of) = (Vec::new(), Vec::new());
        let (mut lines, mut surfaces, mut boxes) = (Vec::new(), Vec::new(), Vec::new());
        for (owner, drawn) in features {
            let place = owners.iter().position(|known| *known == owner).unwrap_or_else(|| {
                owners.push(owner);
                owners.len() - 1
            });
            let feature = of.len();
            of.push(place);
            match drawn {
                Drawn::Lines(parts) => {
                    let pieces = parts.iter().flat_map(LineString::lines).filter(|piece| piece.start != piece.end);
                    lines
                        .extend(pieces.map(|piece| {
                            GeomWithData::new(Line::new(metres(piece.start), metres(piece.end)), feature)
                        }));
                }
                Drawn::Surfaces(parts) => {
                    for surface in parts {
                        let Some(rect) = surface.bounding_rect() else { continue };
                        let corners = Rectangle::from_corners(rect.min().into(), rect.max().into());
                        boxes.push(GeomWithData::new(corners, surfaces.len()));
                        surfaces.push((feature, surface));
                    }
                }
            }
        }
        Self {
            owners,
            within,
            elsewhere,
            scale,
            lines: RTree::bulk_load(lines),
            surfaces,
            boxes: RTree::bulk_load(boxes),
            features: of,
        }
    }

    /// Who looks after `point`: the owner of the surface it lies in, else of the nearest line that is
    /// near enough, else the owner of everywhere else. What stands first in the file wins a tie.
    pub fn owner(&self, point: Point) -> Option<&Slug> {
        if !(point.lon.is_finite() && point.lat.is_finite()) {
            return None;
        }
        let feature = self.surface(point).or_else(|| self.line(point));
        match feature {
            Some(feature) => self.features.get(feature).and_then(|owner| self.owners.get(*owner)),
            None => self.elsewhere.as_ref(),
        }
    }

    fn surface(&self, point: Point) -> Option<usize> {
        let at = geo::Point::new(point.lon, point.lat);
        self.boxes
            .locate_in_envelope_intersecting(&AABB::from_point([at.x(), at.y()]))
            .filter_map(|corners| self.surfaces.get(corners.data))
            .filter(|(_, surface)| surface.contains(&at))
            .map(|(feature, _)| *feature)
            .min()
    }

    fn line(&self, point: Point) -> Option<usize> {
        let at = [point.lon * self.scale[0], point.lat * self.scale[1]];
        self.lines
            .locate_within_distance(at, self.within * self.within)
            .map(|piece| (piece.geom().distance_2(&at), piece.data))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
            .map(|(_, feature)| feature)
    }

    /// Every owner that a place can have.
    pub fn owners(&self) -> impl Iterator<Item = &Slug> {
        self.owners.iter().chain(self.elsewhere.iter().filter(|owner| !self.owners.contains(owner)))
    }
}

/// The latitude in the middle of what is drawn.
fn middle(features: &[(Slug, Drawn)]) -> f64 {
    let boxes = features.iter().flat_map(|(_, drawn)| match drawn {
        Drawn::Lines(lines) => lines.iter().filter_map(geo::BoundingRect::bounding_rect).collect::<Vec<_>>(),
        Drawn::Surfaces(surfaces) => surfaces.iter().filter_map(geo::BoundingRect::bounding_rect).collect(),
    });
    let (low, high) = boxes
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), rect| (low.min(rect.min().y), high.max(rect.max().y)));
    if low <= high { f64::midpoint(low, high) } else { 0.0 }
}

/// The owner layers of a city.
#[derive(Debug, Default)]
pub struct Owners([Option<OwnerMap>; Layer::ALL.len()]);

impl Owners {
    /// With this map for `layer`.
    pub fn with(mut self, layer: Layer, map: OwnerMap) -> Self {
        self.0[layer as usize] = Some(map);
        self
    }

    /// The map of `layer`, if the city has one.
    pub fn map(&self, layer: Layer) -> Option<&OwnerMap> {
        self.0[layer as usize].as_ref()
    }

    /// Who looks after `point`; nothing when that is not known.
    pub fn owner(&self, layer: Layer, point: Point) -> Option<&Slug> {
        self.map(layer)?.owner(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{line_string, polygon};
    use proptest::prelude::*;

    fn slug(text: &str) -> Slug {
        Slug::new(text).unwrap()
    }

    /// Two parallel roads 0.001° of latitude (111 m) apart, and a square of private land on the second.
    fn map(within: f64, elsewhere: Option<&str>) -> OwnerMap {
        let road = |lat: f64| Drawn::Lines(vec![line_string![(x: 3.0, y: lat), (x: 3.1, y: lat)]]);
        let land = polygon![(x: 3.05, y: 50.0005), (x: 3.06, y: 50.0005), (x: 3.06, y: 50.002), (x: 3.05, y: 50.002)];
        OwnerMap::new(
            vec![
                (slug("gewest"), road(50.0)),
                (slug("gemeente"), road(50.001)),
                (slug("privaat"), Drawn::Surfaces(vec![land])),
            ],
            within,
            elsewhere.map(slug),
        )
    }

    #[test]
    fn the_nearest_line_and_the_surface_around_it_are_found() {
        for (within, elsewhere, lat, lon, owner) in [
            (25.0, None, 50.0, 3.02, Some("gewest")),
            // 22 m beside it, then 28 m.
            (25.0, None, 50.0002, 3.02, Some("gewest")),
            (25.0, None, 50.000_25, 3.02, None),
            (25.0, Some("gemeente"), 50.000_25, 3.02, Some("gemeente")),
            (80.0, None, 50.000_4, 3.02, Some("gewest")),
            (80.0, None, 50.000_6, 3.02, Some("gemeente")),
            // Past the end of the road: 71.6 m at 50° for 0.001°.
            (80.0, None, 50.0, 3.101, Some("gewest")),
            (70.0, None, 50.0, 3.101, None),
            (80.0, None, 50.001, 3.055, Some("privaat")),
            (80.0, None, f64::NAN, 3.02, None),
        ] {
            let map = map(within, elsewhere);
            let found = map.owner(Point { lat, lon }).map(|owner| owner.as_str());
            assert_eq!(found, owner, "{within} m {elsewhere:?} {lat} {lon}");
        }
    }

    #[test]
    fn of_two_that_are_as_near_the_first_of_the_file_is_meant() {
        let road = || Drawn::Lines(vec![line_string![(x: 3.0, y: 50.0), (x: 3.1, y: 50.0)]]);
        for [first, second] in [["gewest", "gemeente"], ["gemeente", "gewest"]] {
            let map = OwnerMap::new(vec![(slug(first), road()), (slug(second), road())], 25.0, None);
            assert_eq!(map.owner(Point { lat: 50.0001, lon: 3.05 }), Some(&slug(first)));
        }
    }

    #[test]
    fn every_owner_is_listed_once() {
        let listed = |map: OwnerMap| map.owners().map(|owner| owner.to_string()).collect::<Vec<_>>();
        assert_eq!(listed(map(1.0, None)), ["gewest", "gemeente", "privaat"]);
        assert_eq!(listed(map(1.0, Some("gemeente"))), ["gewest", "gemeente", "privaat"]);
        assert_eq!(listed(OwnerMap::new(Vec::new(), 1.0, Some(slug("gemeente")))), ["gemeente"]);
    }

    proptest! {
        /// The tree finds what a look at every line finds.
        #[test]
        fn the_tree_agrees_with_a_look_at_everything(
            lines in proptest::collection::vec(((3.0..3.02, 50.0..50.02), (3.0..3.02, 50.0..50.02)), 1..30),
            (lon, lat) in (2.99..3.03, 49.99..50.03),
        ) {
            let features: Vec<_> = lines.iter().enumerate().map(|(n, (a, b))| {
                (slug(&format!("o{n}")), Drawn::Lines(vec![LineString::from(vec![*a, *b])]))
            }).collect();
            let map = OwnerMap::new(features, 150.0, None);
            let scale = map.scale;
            let metres = |(x, y): (f64, f64)| [x * scale[0], y * scale[1]];
            let at = metres((lon, lat));
            let nearest = lines.iter().enumerate()
                .map(|(n, (a, b))| (Line::new(metres(*a), metres(*b)).distance_2(&at), n))
                .min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(far, _)| *far <= 150.0 * 150.0)
                .map(|(_, n)| format!("o{n}"));
            prop_assert_eq!(map.owner(Point { lat, lon }).map(|owner| owner.to_string()), nearest);
        }
    }
}
