//! `maintenance` of `city.yaml`: when the pages are worked on.

use super::{fields::Fields, yaml::Node};
use crate::city::Maintenance;
use jiff::{Timestamp, ToSpan as _, civil::DateTime, tz::TimeZone};

/// The longest that pages are said to be away: more is a typing error, or another kind of plan.
const LONGEST: i64 = 7 * 24;

/// From when until when, on the clocks of `zone`; nothing when it is wrong.
pub(super) fn maintenance(node: &Node, zone: &TimeZone, fields: &mut Fields<'_>) -> Option<Maintenance> {
    let map = fields.map(node, "`maintenance`", &["from", "until"])?;
    let mut time = |key: &str, example: &str| {
        let node = fields.required(map, key, example)?;
        let text = fields.text(node, "a time")?;
        let read = text.parse::<DateTime>().ok().and_then(|time| time.to_zoned(zone.clone()).ok());
        if read.is_none() {
            fields.error(node.at, format!("`{text}` is not a day and a time"), format!("write it as {example}"));
        }
        Some(read?.timestamp())
    };
    let from = time("from", "\"2026-12-06 08:00\"");
    let until = time("until", "\"2026-12-06 10:00\"");
    let (from, until) = (from?, until?);
    if until <= from {
        fields.error(node.at, "`until` is not after `from`", "write when it begins, and when everything answers again");
        return None;
    }
    if longer(from, until) {
        fields.error(node.at, "pages that are away for more than a week", "is the day right?");
        return None;
    }
    Some(Maintenance { from, until })
}

fn longer(from: Timestamp, until: Timestamp) -> bool {
    from.checked_add(LONGEST.hours()).is_ok_and(|last| last < until)
}

#[cfg(test)]
mod tests {
    use crate::city::{City, sample};

    fn read(line: &str) -> (Option<City>, Vec<String>) {
        let mut files = sample::files();
        let text = format!("{}\n{line}\n", files["city.yaml"]);
        files.insert("city.yaml".to_owned(), text.into());
        let (city, faults) = City::read(files);
        (city, faults.into_iter().map(|fault| format!("{} {}", fault.message, fault.help)).collect())
    }

    #[test]
    fn it_is_read_on_the_clocks_of_the_city() {
        let (city, faults) = read("maintenance: {from: \"2026-12-06 08:00\", until: 2026-12-06T10:30}");
        let planned = city.unwrap().maintenance.unwrap();
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(planned.from.to_string(), "2026-12-06T07:00:00Z");
        assert_eq!(planned.until.to_string(), "2026-12-06T09:30:00Z");
        assert_eq!(read("").0.unwrap().maintenance, None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, told) in [
            ("{from: \"2026-12-06 08:00\"}", "lacks `until`"),
            ("{from: sunday, until: \"2026-12-06 10:00\"}", "`sunday` is not a day and a time"),
            ("{from: \"2026-12-06 10:00\", until: \"2026-12-06 08:00\"}", "not after"),
            ("{from: \"2026-12-06 08:00\", until: \"2027-12-06 10:00\"}", "more than a week"),
            ("tonight", "maintenance"),
        ] {
            let (city, faults) = read(&format!("maintenance: {line}"));
            assert!(city.is_none() && faults[0].contains(told), "{line}: {faults:?}");
        }
    }
}
