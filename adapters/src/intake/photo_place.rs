//! Where a photo was taken, offered to whoever sent it: kept nowhere, and the place of nothing until they say so.

use super::form::{FormData, field};
use schemas::place::Point;

/// As the form hands it on: degrees of latitude and longitude, some ten centimetres fine.
pub fn write(point: Point) -> String {
    format!("{:.6},{:.6}", point.lat, point.lon)
}

/// What an earlier showing of this form offered; nothing when that is no place at all.
pub fn offered(form: &FormData) -> Option<Point> {
    let (lat, lon) = form.get(field::PHOTO_POINT)?.split_once(',')?;
    let point = Point { lat: lat.trim().parse().ok()?, lon: lon.trim().parse().ok()? };
    // A point elsewhere is refused where every point is.
    ((-90.0..=90.0).contains(&point.lat) && (-180.0..=180.0).contains(&point.lon)).then_some(point)
}

/// What was offered, when the person said that this is the place.
pub fn confirmed(form: &FormData) -> Option<Point> {
    form.get(field::PHOTO_HERE).filter(|said| *said == "true").and_then(|_| offered(form))
}

/// `point` without digits that no camera knows.
pub(super) fn rounded(point: Point) -> Point {
    let six = |degrees: f64| (degrees * 1e6).round() / 1e6;
    Point { lat: six(point.lat), lon: six(point.lon) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_confirmed_is_a_place() {
        let here = Point { lat: 50.8279, lon: 3.2649 };
        let written = write(here);
        // What the form holds, what it offers, what it says.
        let rows: &[(&str, &str, Option<Point>, Option<Point>)] = &[
            (&written, "true", Some(here), Some(here)),
            (&written, "", Some(here), None),
            (&written, "false", Some(here), None),
            ("", "true", None, None),
            ("50.8279", "true", None, None),
            ("NaN,3", "true", None, None),
            ("91,3", "true", None, None),
            ("50,8279,3,2649", "true", None, None),
            ("inf,-inf", "true", None, None),
        ];
        for (point, said, offers, is) in rows {
            let fields = [(field::PHOTO_POINT, *point), (field::PHOTO_HERE, *said)];
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let form = FormData { fields, files: Vec::new() };
            assert_eq!((offered(&form), confirmed(&form)), (*offers, *is), "{point} {said}");
        }
        let long = Point { lat: 50.827_900_000_000_01, lon: -3.264_900_4 };
        assert_eq!(rounded(long), Point { lat: 50.8279, lon: -3.2649 });
    }
}
