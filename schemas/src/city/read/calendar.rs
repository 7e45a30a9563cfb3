//! `calendar` of `city.yaml`: working days, office hours, holidays.

use super::{fields::Fields, yaml::Node};
use crate::city::Calendar;
use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use std::collections::BTreeSet;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

pub(super) fn calendar(node: &Node, fields: &mut Fields<'_>) -> Option<Calendar> {
    let map = fields.map(node, "the calendar", &["timezone", "working_days", "office_hours", "holidays"])?;
    let zone = fields.required(map, "timezone", "Europe/Brussels").and_then(|node| zone(node, fields));
    let working_days = fields.required(map, "working_days", "[mon, tue, wed, thu, fri]").map(|node| {
        let days: Vec<Weekday> = fields
            .list(node, "`working_days`")
            .iter()
            .filter_map(|item| fields.one_of(item, "a working day", &WEEKDAYS))
            .collect();
        if node.is_empty_list() {
            fields.error(
                node.at,
                "nobody works on any day",
                "write `working_days: [mon, tue, wed, thu, fri]`: terms run on these",
            );
        }
        days
    });
    let office_minutes = fields.required(map, "office_hours", "\"09:00-17:00\"").and_then(|node| {
        let text = fields.text(node, "the office hours")?;
        let hours = office_hours(&text);
        if hours.is_none() {
            fields.error(
                node.at,
                format!("`{text}` is not a time from and until"),
                "write \"09:00-17:00\", the earlier time first",
            );
        }
        hours
    });
    let (mut fixed, mut easter_offsets) = (BTreeSet::new(), Vec::new());
    if let Some(holidays) = map.get("holidays")
        && let Some(map) = fields.map(holidays, "the holidays", &["fixed", "easter"])
    {
        if let Some(node) = map.get("fixed") {
            for (at, text) in fields.texts_of(node, "a holiday") {
                match month_day(&text) {
                    Some(day) if !fixed.insert(day) => {
                        fields.warning(at, format!("{text} is here twice"), "keep one of them")
                    }
                    Some(_) => {}
                    None => fields.error(
                        at,
                        format!("`{text}` is no day of the year"),
                        "write month and day: \"07-21\" is 21 July",
                    ),
                }
            }
        }
        if let Some(node) = map.get("easter") {
            for item in fields.list(node, "`easter`") {
                if let Some(days) = fields.number(item, "a number of days after Easter", -100..=250) {
                    easter_offsets.extend(i32::try_from(days));
                }
            }
        }
    }
    Some(Calendar { zone: zone?, working_days: working_days?, fixed, easter_offsets, office_minutes: office_minutes? })
}

fn zone(node: &Node, fields: &mut Fields<'_>) -> Option<TimeZone> {
    let name = fields.text(node, "the time zone")?;
    // jiff also takes POSIX strings and offsets; a city has a place.
    let zone = name.contains('/').then(|| TimeZone::get(&name).ok()).flatten();
    if zone.is_none() {
        let known = jiff::tz::db().available().map(|name| name.as_str().to_owned());
        let names: Vec<String> = known.filter(|name| name.contains('/')).collect();
        let help = match crate::fault::nearest(&name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write the IANA name, for instance `Europe/Brussels`".to_owned(),
        };
        fields.error(node.at, format!("there is no time zone `{name}`"), help);
    }
    zone
}

fn office_hours(text: &str) -> Option<(u32, u32)> {
    let minutes = |time: &str| {
        let (hours, minutes) = time.trim().split_once(':')?;
        let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
        (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
    };
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minutes(from)?, minutes(until)?);
    (from < until).then_some((from, until))
}

fn month_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // 2024 has a 29 February.
    Date::new(2024, month, day).is_ok().then_some((month, day))
}
