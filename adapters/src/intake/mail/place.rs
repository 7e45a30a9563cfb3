//! Where it is, when words or a photo say so without guessing. Pure.

use schemas::{
    city::City,
    place::{Place, Point},
    text,
};

/// What stands before an address that somebody names as such, in lower case.
const LABELS: &[&str] = &[
    "adres", "plaats", "locatie", "waar", "adresse", "lieu", "endroit", "où", "address", "place", "location", "where",
];

/// The place that `words` name: coordinates that lie in the city, and a line that begins with `Adres:` or its like. An
/// address next door is left to the words, so that a person reads it: there is nobody here to ask.
pub(crate) fn of_words(words: &str, city: &City) -> Place {
    let address = words.lines().find_map(labelled).filter(|address| city.neighbour_in(address).is_none());
    Place { address, point: point(words, city), ..Place::default() }
}

/// What stands on a line after a label.
fn labelled(line: &str) -> Option<String> {
    let (label, rest) = line.split_once(':')?;
    let label = label.trim().trim_start_matches(['-', '*', '•']).trim().to_lowercase();
    let rest = text::clean_line(rest);
    let fits = (3..=200).contains(&text::length(&rest)) && !rest.starts_with("//");
    (LABELS.contains(&label.as_str()) && fits).then_some(rest)
}

/// The first two numbers that are a place in the city: `50.8279, 3.2649` as people copy it from a map, in a link to
/// one (`geo:`, `@lat,lon`, `q=lat,lon`, `mlat=…&mlon=…`), each with at least three decimals. What is nowhere in
/// the city is no place.
fn point(words: &str, city: &City) -> Option<Point> {
    let numbers = numbers(words);
    let pairs = numbers.windows(2).filter(|pair| pair[1].begins >= pair[0].ends && is_between(words, pair));
    pairs.map(|pair| Point { lat: pair[0].value, lon: pair[1].value }).find(|point| city.areas.in_city(*point))
}

struct Number {
    value: f64,
    begins: usize,
    ends: usize,
}

/// The numbers with a point and at least three decimals.
fn numbers(words: &str) -> Vec<Number> {
    let mut found = Vec::new();
    let mut begins = None;
    let ends = words.char_indices().chain([(words.len(), ' ')]);
    for (at, c) in ends {
        let belongs = c.is_ascii_digit() || c == '.';
        match (belongs, begins) {
            (true, None) => begins = Some(at),
            (false, Some(from)) => {
                begins = None;
                let written = &words[from..at];
                let decimals = written.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                if let Ok(value) = written.parse::<f64>()
                    && (3..=12).contains(&decimals)
                {
                    found.push(Number { value, begins: from, ends: at });
                }
            }
            _ => {}
        }
        if found.len() >= 100 {
            break;
        }
    }
    found
}

/// Whether between the two numbers stands what may stand there.
fn is_between(words: &str, pair: &[Number]) -> bool {
    let between = &words[pair[0].ends..pair[1].begins];
    let plain: String = between.to_lowercase().chars().filter(|c| !c.is_whitespace() && *c != '°').collect();
    matches!(plain.as_str(), "," | ";" | "/" | "%2c" | "" | "n," | "n" | "&mlon=" | "&lon=" | "&lng=" | "&amp;mlon=")
        && (!between.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_said_is_a_place() {
        let city = testing::city();
        for (words, address, point) in [
            ("Put.\nAdres: Grote Markt 54, Kortrijk\nGroeten", Some("Grote Markt 54, Kortrijk"), None),
            ("- Lieu : rue de la Gare 3", Some("rue de la Gare 3"), None),
            ("Waar: ?", None, None),
            ("Het is waar: dit is een put", None, None),
            ("50.8279, 3.2649", None, Some((50.8279, 3.2649))),
            ("zie https://www.google.com/maps/@50.82790,3.26490,17z", None, Some((50.8279, 3.2649))),
            ("https://www.openstreetmap.org/?mlat=50.8279&mlon=3.2649#map=18", None, Some((50.8279, 3.2649))),
            ("geo:50.8279,3.2649?z=1", None, Some((50.8279, 3.2649))),
            ("50.8279° N, 3.2649° E", None, Some((50.8279, 3.2649))),
            // Gent, Null Island, money, and what only looks like it.
            ("51.0543, 3.7174", None, None),
            ("0.000, 0.000", None, None),
            ("het kost 50.82 of 3.26 euro", None, None),
            ("50.8279 euro en 3.2649 euro", None, None),
            ("", None, None),
        ] {
            let place = of_words(words, &city);
            assert_eq!(place.address.as_deref(), address, "{words}");
            assert_eq!(place.point.map(|point| (point.lat, point.lon)), point, "{words}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fail(words in "(?s)[0-9.,; °/a-zA:é\n]{0,200}") {
            of_words(&words, &testing::city());
        }
    }
}
