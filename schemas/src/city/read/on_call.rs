//! `on_call` of a department: who is telephoned, and when they answer.

use super::{fields::Fields, yaml::Node};
use crate::city::{Calendar, CallContact, Days, Hours, OnCall};

/// The longest time until the next contact is called: an hour.
const LONGEST: i64 = 60;
/// Minutes until the next contact is called, when the city does not say.
const USUAL: u32 = 10;

/// Reads `on_call` of `what`; `known` are the departments that may be its desk.
pub(super) fn read(
    node: &Node,
    what: &str,
    known: &[String],
    calendar: Option<&Calendar>,
    fields: &mut Fields<'_>,
) -> Option<OnCall> {
    let name = format!("`on_call` of {what}");
    let map = fields.map(node, &name, &["every", "desk", "contacts"])?;
    let every = match map.get("every") {
        None => Some(USUAL),
        Some(node) => fields.number(node, "`every`", 1..=LONGEST).and_then(|minutes| u32::try_from(minutes).ok()),
    };
    let desk = map.get("desk").and_then(|node| {
        let desk = fields.slug(node, "the desk")?;
        if !known.iter().any(|id| *id == *desk) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            fields.unknown(node.at, "department", &desk, &known);
        }
        Some(desk)
    });
    let list = fields.required(map, "contacts", "[{who: Wachtdienst, phone: \"+32 …\"}]")?;
    let items = fields.list(list, "`contacts`");
    let contacts: Vec<CallContact> = items.iter().filter_map(|item| contact(item, fields)).collect();
    if items.is_empty() {
        fields.error(list.at, format!("{name} names nobody"), "write at least one contact: {who: …, phone: …}");
    }
    if contacts.len() < items.len() || contacts.is_empty() {
        return None;
    }
    let on_call = OnCall { every: every?, desk, contacts };
    if let Some((day, minute)) = calendar.and_then(|calendar| on_call.gap(calendar)) {
        fields.warning(
            list.at,
            format!("nobody of {name} answers on {day:?} at {:02}:{:02}", minute / 60, minute % 60),
            "add a contact for these hours; until then the next one is called although they are off duty",
        );
    }
    Some(on_call)
}

fn contact(node: &Node, fields: &mut Fields<'_>) -> Option<CallContact> {
    let map = fields.map(node, "a contact", &["who", "phone", "hours", "days"])?;
    let who = fields.required(map, "who", "Wachtdienst wegen").and_then(|node| fields.text(node, "who"));
    let phone = fields.required(map, "phone", "\"+32 56 …\"").and_then(|node| {
        let phone = fields.text(node, "the telephone number")?;
        let dials = phone.chars().filter(char::is_ascii_digit).count() >= 3
            && phone.chars().all(|c| c.is_ascii_digit() || "+ /.-()".contains(c));
        if !dials {
            fields.error(
                node.at,
                format!("`{phone}` is no telephone number"),
                "write digits and spaces, for instance \"+32 56 27 70 00\"",
            );
        }
        dials.then_some(phone)
    });
    let hours = map.get("hours").map_or(Some(Hours::Always), |node| hours(node, fields));
    let days = [("all", Days::All), ("working", Days::Working), ("free", Days::Free)];
    let days = map.get("days").map_or(Some(Days::All), |node| fields.one_of(node, "`days`", &days));
    Some(CallContact { who: who?, phone: phone?, hours: hours?, days: days? })
}

fn hours(node: &Node, fields: &mut Fields<'_>) -> Option<Hours> {
    let text = fields.text(node, "`hours`")?;
    let hours = match text.as_str() {
        "always" => Some(Hours::Always),
        "office" => Some(Hours::Office),
        "outside-office" => Some(Hours::OutsideOffice),
        other => between(other),
    };
    if hours.is_none() {
        fields.error(
            node.at,
            format!("`hours` cannot be `{text}`"),
            "write always, office, outside-office, or a time from and until: \"17:00-09:00\"",
        );
    }
    hours
}

fn between(text: &str) -> Option<Hours> {
    let minutes = |time: &str| {
        let (hours, minutes) = time.trim().split_once(':')?;
        let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
        (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
    };
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minutes(from)?, minutes(until)?);
    (from != until).then_some(Hours::Between(from, until))
}
