//! Places of the city that lie in no area, although the areas are meant to cover it: districts that
//! were drawn with a hole between them. Found along lines from west to east, each from outline to
//! outline; thin slivers, where two borders were drawn a little apart, are left alone.

use super::Area;
use crate::place::Point;
use geo::{BoundingRect as _, MultiPolygon};
use std::collections::{HashMap, HashSet};

/// From so much of the city on, areas are meant to cover it. Fewer name a few neighbourhoods.
const MEANT: f64 = 0.85;
/// Lines from west to east.
const LINES: u32 = 240;
/// A gap is at least so wide, in metres, and on so many lines after each other.
const WIDE: f64 = 60.0;
const HIGH: usize = 3;
/// Metres per degree of latitude.
const DEGREE: f64 = 111_195.0;

/// A part of the city in no area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    /// A place in the middle of its widest line.
    pub within: Point,
    /// How large it is, in hectares, about.
    pub hectares: f64,
}

/// From and to, in degrees of longitude.
type Span = (f64, f64);

/// The gaps that `areas` leave in `outline`, the largest first.
pub(super) fn find(areas: &[Area], outline: &MultiPolygon<f64>) -> Vec<Gap> {
    let Some(bounds) = outline.bounding_rect() else { return Vec::new() };
    let step = bounds.height() / f64::from(LINES);
    let metres = DEGREE * bounds.center().y.to_radians().cos();
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut inside, mut covered, mut line_before) = (0.0, 0.0, 0..0);
    for line in 0..LINES {
        // Between corners, so that no border lies on a line.
        let lat = bounds.min().y + step * (f64::from(line) + 0.5) + step * 1e-3;
        let city = spans(outline, lat);
        let mut taken: Vec<Span> = areas.iter().flat_map(|area| spans(&area.outline, lat)).collect();
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        let left = without(&city, &taken);
        let length = |spans: &[Span]| spans.iter().map(|(from, to)| to - from).sum::<f64>();
        inside += length(&city);
        covered += length(&city) - length(&left);
        let this_line = pieces.len();
        for span in left.into_iter().filter(|(from, to)| (to - from) * metres >= WIDE) {
            let new = pieces.len();
            pieces.push(Piece { span, line, lat, gap: new });
            for other in line_before.clone() {
                let Some(Piece { span: (from, to), .. }) = pieces.get(other) else { continue };
                if *from < span.1 && span.0 < *to {
                    let (one, other) = (gap_of(&pieces, new), gap_of(&pieces, other));
                    pieces[one].gap = other;
                }
            }
        }
        line_before = this_line..pieces.len();
    }
    if covered < inside * MEANT {
        return Vec::new();
    }
    let mut gaps: HashMap<usize, Vec<&Piece>> = HashMap::new();
    for (n, piece) in pieces.iter().enumerate() {
        gaps.entry(gap_of(&pieces, n)).or_default().push(piece);
    }
    let wide = |piece: &Piece| piece.span.1 - piece.span.0;
    let described = |pieces: Vec<&Piece>| {
        let lines = pieces.iter().map(|piece| piece.line).collect::<HashSet<_>>().len();
        let widest = pieces.iter().max_by(|a, b| wide(a).total_cmp(&wide(b)))?;
        let within = Point { lat: widest.lat, lon: f64::midpoint(widest.span.0, widest.span.1) };
        let square_metres = pieces.iter().map(|piece| wide(piece) * metres * step * DEGREE).sum::<f64>();
        (lines >= HIGH).then_some(Gap { within, hectares: square_metres / 10_000.0 })
    };
    let mut gaps: Vec<Gap> = gaps.into_values().filter_map(described).collect();
    gaps.sort_by(|a, b| b.hectares.total_cmp(&a.hectares).then(a.within.lat.total_cmp(&b.within.lat)));
    gaps
}

/// The part of a gap on one line.
#[derive(Debug)]
struct Piece {
    span: Span,
    line: u32,
    lat: f64,
    /// A piece of the same gap; the first one names itself.
    gap: usize,
}

/// The piece that stands for the gap which piece `n` is of.
fn gap_of(pieces: &[Piece], mut n: usize) -> usize {
    while pieces[n].gap != n {
        n = pieces[n].gap;
    }
    n
}

/// Where the line at `lat` lies within `shape`, from west to east.
fn spans(shape: &MultiPolygon<f64>, lat: f64) -> Vec<Span> {
    let mut spans = Vec::new();
    for polygon in shape {
        let mut crossings = Vec::new();
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            for edge in ring.lines() {
                let (a, b) = (edge.start, edge.end);
                if (a.y > lat) != (b.y > lat) {
                    crossings.push(a.x + (lat - a.y) / (b.y - a.y) * (b.x - a.x));
                }
            }
        }
        crossings.sort_by(f64::total_cmp);
        spans.extend(crossings.chunks_exact(2).map(|pair| (pair[0], pair[1])));
    }
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    spans
}

/// What is left of `spans` without `taken`, both from west to east.
fn without(spans: &[Span], taken: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for &(mut from, to) in spans {
        for &(taken_from, taken_to) in taken {
            if taken_from >= to {
                break;
            }
            if taken_from > from {
                left.push((from, taken_from));
            }
            from = from.max(taken_to);
        }
        if from < to {
            left.push((from, to));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::Texts;
    use geo::{Polygon, polygon};

    fn area(id: &str, shape: Polygon<f64>) -> Area {
        Area { id: id.parse().unwrap(), names: Texts::new(), outline: MultiPolygon(vec![shape]) }
    }

    fn square(x: f64, y: f64, wide: f64, high: f64) -> Polygon<f64> {
        polygon![(x: x, y: y), (x: x + wide, y: y), (x: x + wide, y: y + high), (x: x, y: y + high)]
    }

    /// A city of 0.1° by 0.1° at 50°: 7.2 by 11.1 km.
    fn city() -> MultiPolygon<f64> {
        MultiPolygon(vec![square(3.0, 50.0, 0.1, 0.1)])
    }

    #[test]
    fn a_hole_between_districts_is_found_and_where_it_is() {
        // West and east leave a strip of 0.01° by 0.05° in the south.
        let north = area("north", square(3.0, 50.05, 0.1, 0.06));
        let west = area("west", square(3.0, 49.99, 0.04, 0.06));
        let east = area("east", square(3.05, 49.99, 0.06, 0.06));
        let gaps = find(&[north.clone(), west.clone(), east.clone()], &city());
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        let Gap { within, hectares } = gaps[0];
        assert!((within.lon - 3.045).abs() < 1e-6 && (50.0..50.05).contains(&within.lat), "{within:?}");
        // 715 m by 5.56 km.
        assert!((hectares - 397.0).abs() < 8.0, "{hectares}");

        let closed = area("middle", square(3.04, 49.99, 0.01, 0.06));
        assert_eq!(find(&[north.clone(), west.clone(), east.clone(), closed], &city()), []);
        // A sliver of 36 m is how borders are drawn.
        let almost = area("middle", square(3.0405, 49.99, 0.0095, 0.06));
        assert_eq!(find(&[north.clone(), west.clone(), east, almost], &city()), []);
        // Two areas in a corner are no districts of the whole city.
        assert_eq!(find(&[north, west], &city()), []);
    }

    #[test]
    fn a_hole_within_a_district_counts_once_whatever_its_shape() {
        let ring = |points: &[(f64, f64)]| geo::LineString::from(points.to_vec());
        let u = [
            (3.02, 50.02),
            (3.06, 50.02),
            (3.06, 50.06),
            (3.05, 50.06),
            (3.05, 50.03),
            (3.03, 50.03),
            (3.03, 50.06),
            (3.02, 50.06),
            (3.02, 50.02),
        ];
        let turned: Vec<(f64, f64)> = u.iter().map(|(x, y)| (*x, 100.08 - y)).collect();
        for hole in [&u[..], &turned[..]] {
            let whole = Polygon::new(
                ring(&[(3.0, 50.0), (3.1, 50.0), (3.1, 50.1), (3.0, 50.1), (3.0, 50.0)]),
                vec![ring(hole)],
            );
            let gaps = find(&[area("all", whole.clone())], &city());
            assert_eq!(gaps.len(), 1, "{gaps:?}");
            // 0.01° × 0.04° twice and 0.02° × 0.01°.
            assert!((gaps[0].hectares - 795.0).abs() < 16.0, "{gaps:?}");
            let filled = area("inner", square(3.01, 50.01, 0.06, 0.06));
            assert_eq!(find(&[area("all", whole), filled], &city()), []);
        }
    }
}
