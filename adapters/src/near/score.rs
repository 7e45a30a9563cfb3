//! How much two reports look like the same thing. Pure.

use schemas::{Timestamp, place::Place, slug::CategoryId};

/// The most characters of words that are compared: whoever tells more says the rest about something else.
const MOST_WORDS: usize = 400;

/// One of two reports.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What it is about.
    pub category: &'a CategoryId,
    /// Where it is.
    pub place: &'a Place,
    /// What was written.
    pub words: &'a str,
    /// When it was received.
    pub at: Timestamp,
}

/// How much they look alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// 0 to 1, the higher the likelier.
    pub value: f64,
    /// How far apart they are; `None` when it is the same address or thing, without positions.
    pub metres: Option<f64>,
}

/// How much `a` and `b` look like the same, when places within `radius` metres and `days` are near. `None` when they are
/// not of one group of categories, not near in time, or not at one place as far as that is known.
///
/// Nearness counts for most, then the category, the words (Sørensen–Dice), and how long lies between.
pub fn score(a: &Side<'_>, b: &Side<'_>, radius: f64, days: u16) -> Option<Score> {
    if a.category.group() != b.category.group() {
        return None;
    }
    let most = f64::from(days.max(1)) * 86_400.0;
    let apart = a.at.duration_since(b.at).as_secs_f64().abs();
    if apart > most {
        return None;
    }
    let (closeness, metres) = closeness(a.place, b.place, radius)?;
    let category = if a.category == b.category { 1.0 } else { 0.4 };
    let words = strsim::sorensen_dice(&plain(a.words), &plain(b.words));
    let value = 0.45 * closeness + 0.3 * category + 0.15 * words + 0.1 * (1.0 - apart / most);
    Some(Score { value, metres })
}

/// 1: the same place; 0: at the edge. With the metres between them, when both have a position.
fn closeness(a: &Place, b: &Place, radius: f64) -> Option<(f64, Option<f64>)> {
    let metres = a.point.zip(b.point).map(|(a, b)| a.metres_to(b));
    let same_spot = store::spot(a).is_some_and(|spot| Some(spot) == store::spot(b));
    // The same lamp post is the same wherever the map drew it; an address may be a long street.
    let same_thing = same_spot && a.asset.is_some();
    match metres {
        _ if same_thing => Some((1.0, metres)),
        Some(metres) if metres <= radius => Some((1.0 - 0.5 * metres / radius.max(1.0), Some(metres))),
        Some(_) => None,
        None => same_spot.then_some((0.8, None)),
    }
}

fn plain(words: &str) -> String {
    words.chars().take(MOST_WORDS).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use schemas::place::Point;

    fn place(lat: f64, lon: f64) -> Place {
        Place { point: Some(Point { lat, lon }), ..Place::default() }
    }

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + days * 86_400).unwrap()
    }

    fn words_at(address: &str) -> Place {
        Place { address: Some(address.to_owned()), ..Place::default() }
    }

    fn thing(asset: &str, point: Option<Point>) -> Place {
        Place { asset: Some(asset.to_owned()), point, ..Place::default() }
    }

    #[test]
    fn what_is_near_is_found_and_nothing_else() {
        let here = place(50.8279, 3.2649);
        let id = |text: &str| CategoryId::new(text).unwrap();
        let ours = id("wegen/put");
        let side = Side { category: &ours, place: &here, words: "A hole in the road", at: at(0) };
        // 0.0002 degrees of latitude are 22 metres.
        for (category, there, days, is_near) in [
            ("wegen/put", place(50.8281, 3.2649), 3, true),
            ("wegen/put", place(50.8281, 3.2649), -3, true),
            ("wegen/voetpad", place(50.8281, 3.2649), 3, true),
            ("verlichting/lamp", place(50.8279, 3.2649), 0, false),
            ("wegen/put", place(50.8285, 3.2649), 0, false),
            ("wegen/put", place(50.8279, 3.2659), 0, false),
            ("wegen/put", place(50.8279, 3.2649), 31, false),
            ("wegen/put", Place::default(), 0, false),
        ] {
            let other = id(category);
            let other = Side { category: &other, place: &there, words: "", at: at(days) };
            assert_eq!(score(&side, &other, 50.0, 30).is_some(), is_near, "{category} {there:?} {days}");
            assert_eq!(score(&other, &side, 50.0, 30).is_some(), is_near, "the other way round");
        }
    }

    #[test]
    fn a_place_without_a_position_is_the_same_when_its_words_are() {
        let category = CategoryId::new("verlichting/lamp").unwrap();
        let near = |a: &Place, b: &Place| {
            let side = |place| Side { category: &category, place, words: "", at: at(0) };
            score(&side(a), &side(b), 50.0, 30).is_some()
        };
        let far = Point { lat: 50.9, lon: 3.3 };
        for (a, b, is_near) in [
            (words_at("Grote Markt 54"), words_at("grote markt  54,"), true),
            (words_at("Grote Markt 54"), words_at("Grote Markt 5"), false),
            (thing("LP-1234", None), thing("lp 1234", None), true),
            (thing("LP-1234", None), thing("lp 1234", Some(far)), true),
            (thing("LP-1234", Some(far)), place(50.9, 3.3), true),
            (thing("LP-1234", None), words_at("LP-1234"), false),
            (Place::default(), Place::default(), false),
        ] {
            assert_eq!(near(&a, &b), is_near, "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_nearer_the_same_category_and_the_same_words_come_first() {
        let (put, path) = (CategoryId::new("wegen/put").unwrap(), CategoryId::new("wegen/voetpad").unwrap());
        let (here, near, further) = (place(50.8279, 3.2649), place(50.828, 3.2649), place(50.8282, 3.2649));
        let side = Side { category: &put, place: &here, words: "Big hole before the school", at: at(0) };
        let value = |category, place, words, days| {
            let other = Side { category, place, words, at: at(days) };
            score(&side, &other, 50.0, 30).unwrap().value
        };
        let best = value(&put, &near, "A big hole near the school", -1);
        for (category, place, words, days) in [
            (&put, &further, "A big hole near the school", -1),
            (&path, &near, "A big hole near the school", -1),
            (&put, &near, "Loose tile", -1),
            (&put, &near, "A big hole near the school", -20),
        ] {
            assert!(value(category, place, words, days) < best, "{category} {words} {days}");
        }
    }

    proptest! {
        #[test]
        fn a_score_is_between_0_and_1_and_the_same_both_ways(
            north in -0.001_f64..0.001, east in -0.001_f64..0.001, days in -40_i64..40,
            first in "\\PC{0,60}", second in "\\PC{0,60}", radius in 1.0_f64..500.0,
        ) {
            let category = CategoryId::new("wegen/put").unwrap();
            let (here, there) = (place(50.8279, 3.2649), place(50.8279 + north, 3.2649 + east));
            let a = Side { category: &category, place: &here, words: &first, at: at(0) };
            let b = Side { category: &category, place: &there, words: &second, at: at(days) };
            let (one, other) = (score(&a, &b, radius, 30), score(&b, &a, radius, 30));
            match (one, other) {
                (Some(one), Some(other)) => {
                    prop_assert!((0.0..=1.0).contains(&one.value));
                    // A degree of longitude is a hair longer further south.
                    prop_assert!((one.value - other.value).abs() < 1e-4);
                    prop_assert!(one.metres.unwrap() <= radius + 1e-6);
                }
                // A degree of longitude is a hair longer further south: at the very edge one way may see it.
                (one, other) => {
                    let metres = one.or(other).and_then(|score| score.metres);
                    prop_assert!(metres.is_none_or(|metres| metres > radius * 0.999));
                }
            }
        }
    }
}
