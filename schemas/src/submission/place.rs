//! Where it is, checked: in the city, and said in one way.

use crate::{
    city::{City, Neighbour},
    fault::Invalid,
    place::{GivenPlace, Place, Point},
    report::Language,
    text,
};

pub(super) fn check(place: Option<GivenPlace>, city: &City, faults: &mut Vec<Invalid>) -> Place {
    let Some(place) = place else { return Place::default() };
    let address = place.address.map(|a| text::clean_line(&a)).filter(|a| !a.is_empty());
    if let Some(address) = &address {
        if text::length(address) > 200 {
            faults.push(Invalid::new(
                "/place/address",
                "too_long",
                "at most 200 characters: a street and number is enough",
            ));
        } else if let (None, None, Some(neighbour)) = (place.point, place.lambert72, city.neighbour_in(address)) {
            faults.push(Invalid::new("/place/address", "outside_city", theirs("this address", neighbour)));
        }
    }
    let asset = place.asset.map(|a| text::clean_line(&a)).filter(|a| !a.is_empty());
    if asset.as_ref().is_some_and(|a| text::length(a) > 40) {
        let message = "at most 40 characters: write the number as it stands on the thing";
        faults.push(Invalid::new("/place/asset", "too_long", message));
    }
    let point = match (place.point, place.lambert72) {
        (Some(_), Some(_)) => {
            faults.push(Invalid::new("/place/lambert72", "twice", "give `point` or `lambert72`, not both"));
            None
        }
        (Some(point), None) => checked(point, city, faults),
        (None, Some(there)) if !there.is_near_belgium() => {
            let message = "x and y are metres in Belgian Lambert 72 from 0 to 300000, for instance 72200 and 167600";
            faults.push(Invalid::new("/place/lambert72", "out_of_range", message));
            None
        }
        (None, Some(there)) => inside(there.to_point(), "/place/lambert72", city, faults),
        (None, None) => None,
    };
    Place { address, point, asset, found: None }
}

/// A point whose numbers are degrees, in the city.
fn checked(point: Point, city: &City, faults: &mut Vec<Invalid>) -> Option<Point> {
    if !point.lat.is_finite() || !(-90.0..=90.0).contains(&point.lat) {
        faults.push(Invalid::new(
            "/place/point/lat",
            "out_of_range",
            "a latitude is a number from -90 to 90, for instance 50.8279",
        ));
    } else if !point.lon.is_finite() || !(-180.0..=180.0).contains(&point.lon) {
        faults.push(Invalid::new(
            "/place/point/lon",
            "out_of_range",
            "a longitude is a number from -180 to 180, for instance 3.2649",
        ));
    } else {
        return inside(point, "/place/point", city, faults);
    }
    None
}

/// A point in the city; of one elsewhere it is said whose it is.
fn inside(point: Point, field: &str, city: &City, faults: &mut Vec<Invalid>) -> Option<Point> {
    if city.areas.in_city(point) {
        return Some(point);
    }
    let message = match city.neighbour_at(point) {
        Some(neighbour) => theirs("this point", neighbour),
        None => {
            let swapped = city.areas.in_city(Point { lat: point.lon, lon: point.lat });
            let hint = if swapped {
                "latitude and longitude seem to be swapped"
            } else {
                "tell the city where it is, or leave the point out and give an address"
            };
            format!("this point is not in {}: {hint}", city.name(Language::EN))
        }
    };
    faults.push(Invalid::new(field, "outside_city", message));
    None
}

/// That something is in the town next door, and how that is told.
fn theirs(what: &str, neighbour: &Neighbour) -> String {
    format!("{what} is in {}: tell them at {}", neighbour.name(Language::EN), neighbour.contact())
}
