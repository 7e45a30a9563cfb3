//! The doors for strangers: the queues `intake` and `updates`. What comes in is a CloudEvent in
//! structured mode; anything else is refused with a reason, never a crash. Who asks for an answer
//! (`reply_to`) gets it when the letter is settled at its first try; one that has to be tried again
//! gets none, and its sender may ask by sending the same event again.

use super::{
    Names,
    message::{self, MAX_BODY, header, number},
};
use crate::source::{Aside, Ticket};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lapin::message::Delivery;
use schemas::{
    Timestamp,
    cloudevent::Incoming,
    id::derived,
    letter::{Lane, Letter, Refused, Topic},
    slug::Slug,
    trace::Trace,
    verdict::{Fault, Verdict},
};
use serde::Deserialize;

/// Bytes of a refused message that are kept.
const KEPT: usize = 64 * 1024;

/// A message whose reader ended so often while it was in hand may be the cause: it goes back to the
/// table and is tried later and later, like any other failure. (Others that were in hand with it come
/// back soon. The broker itself gives a message up after 20, policy `delivery-limit`, and then it
/// would be missing from the table.)
const TOO_OFTEN: i64 = 10;

/// Reads a delivery of the queue of `lane`: a letter, or what is to be set aside instead.
pub(crate) fn read(names: &Names, lane: &Lane, delivery: &Delivery, now: Timestamp) -> Result<Letter, Box<Aside>> {
    let read = if delivery.data.len() > MAX_BODY {
        Err(format!("the message is {} bytes, at most {MAX_BODY} are taken", delivery.data.len()))
    } else if delivery.exchange.as_str() == names.lanes() {
        message::read(lane, delivery)
    } else {
        match lane.as_str() {
            "intake" => submitted(delivery, now),
            "updates" => update(delivery, now),
            _ => Err("only we may post to this queue".to_owned()),
        }
    };
    let aside = |letter, verdict| Err(Box::new(Aside { letter, verdict, ticket: Ticket::default() }));
    match read {
        Ok(letter) if letter.topic == Topic::Refused => {
            let why = letter.read::<Refused>().map_or_else(|error| error.to_string(), |refused| refused.why);
            aside(letter, Verdict::never(Fault::Refused, why))
        }
        Ok(letter) => match number(delivery, "x-delivery-count") {
            Some(n) if n >= TOO_OFTEN => {
                aside(letter, Verdict::later(format!("its reader ended {n} times while it was in hand")))
            }
            _ => Ok(letter),
        },
        Err(why) => aside(refused(lane, delivery, &why, now), Verdict::never(Fault::Refused, why)),
    }
}

/// A report that a channel integration submits.
fn submitted(delivery: &Delivery, now: Timestamp) -> Result<Letter, String> {
    let key = delivery.routing_key.as_str();
    let channel = key.strip_prefix("report.").and_then(|channel| Slug::new(channel).ok());
    let channel =
        channel.ok_or_else(|| format!("routing key `{key}`: must be `report.<channel>`, for instance `report.app`"))?;
    let event = event(delivery, Topic::ReportSubmitted)?;
    let id = derived(&["submitted", &channel, &event.id]);
    letter(id, Lane::intake(), Topic::ReportSubmitted, channel.as_str(), &event, delivery, now)
}

/// What an update needs to get past the door.
#[derive(Deserialize)]
struct Head {
    id: String,
    department: Slug,
}

/// An answer of a department.
fn update(delivery: &Delivery, now: Timestamp) -> Result<Letter, String> {
    let key = delivery.routing_key.as_str();
    let department = key.split_once('.').and_then(|(department, _)| Slug::new(department).ok());
    let department = department
        .ok_or_else(|| format!("routing key `{key}`: must be `<department>.<what>`, for instance `parks.done`"))?;
    let event = event(delivery, Topic::DepartmentUpdate)?;
    let data = event.data.map_or("null", |data| data.get());
    let head: Head = serde_json::from_str(data).map_err(|error| format!("data: {error}"))?;
    // The broker lets a department publish only under its own name; the body must not speak for
    // another.
    if head.department != department {
        return Err(format!("data.department is `{}`, but the routing key is of `{department}`", head.department));
    }
    if head.id.is_empty() || head.id.len() > 200 {
        return Err("data.id: must be 1 to 200 characters".to_owned());
    }
    let id = derived(&["update", &department, &head.id]);
    letter(id, Lane::updates(), Topic::DepartmentUpdate, department.as_str(), &event, delivery, now)
}

fn event(delivery: &Delivery, topic: Topic) -> Result<Incoming<'_>, String> {
    let kind = delivery.properties.content_type().as_ref().map_or("", |kind| kind.as_str());
    let (media, rest) = kind.split_once(';').unwrap_or((kind, "charset=utf-8"));
    if !media.trim().eq_ignore_ascii_case("application/cloudevents+json")
        || !rest.trim().eq_ignore_ascii_case("charset=utf-8")
    {
        return Err(format!("content type `{kind}`: must be `{}`", schemas::cloudevent::CONTENT_TYPE));
    }
    let event = Incoming::read(&delivery.data).map_err(|error| error.to_string())?;
    if event.topic() != Some(topic.as_str()) {
        let (ours, kind) = (schemas::cloudevent::TYPE_PREFIX, &event.kind);
        return Err(format!("type `{kind}`: this door takes `{ours}{}`", topic.as_str()));
    }
    Ok(event)
}

fn letter(
    id: uuid::Uuid,
    lane: Lane,
    topic: Topic,
    subject: &str,
    event: &Incoming<'_>,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Letter, String> {
    let body = event.data.ok_or("data: is missing")?.to_owned();
    Ok(Letter {
        id,
        lane,
        topic,
        subject: subject.to_owned(),
        case_id: None,
        body: body.into(),
        cause: None,
        trace: trace(delivery, event.traceparent.as_deref()),
        attempt: 0,
        posted_at: now,
        ready_at: None,
    })
}

/// The AMQP header wins over the event's own: the last sender knows the walk best.
fn trace(delivery: &Delivery, event: Option<&str>) -> Trace {
    let header = header(delivery, "traceparent");
    header.and_then(Trace::parse).or_else(|| event.and_then(Trace::parse)).unwrap_or_else(Trace::start)
}

/// What is kept of a message that cannot be used. Its id follows from what it is, so that the same
/// message refused twice is one dead letter.
fn refused(lane: &Lane, delivery: &Delivery, why: &str, now: Timestamp) -> Letter {
    let kept = STANDARD.encode(&delivery.data[..delivery.data.len().min(KEPT)]);
    let message_id = delivery.properties.message_id().as_ref().map(|id| id.as_str().to_owned());
    let key = delivery.routing_key.as_str();
    let length = delivery.data.len().to_string();
    let id = derived(&["refused", lane.as_str(), key, message_id.as_deref().unwrap_or(""), &length, &kept]);
    let record =
        Refused { door: lane.to_string(), why: why.to_owned(), sender: key.to_owned(), message_id, body_base64: kept };
    Letter::new(id, lane.clone(), Topic::Refused, key, &record, trace(delivery, None), now)
}

/// The letter to the `dead` lane that tells of the burial of `letter`, when it came through a door
/// for strangers.
pub(crate) fn obituary(letter: &Letter, why: &str, now: Timestamp) -> Option<Letter> {
    if !matches!(letter.lane.as_str(), "intake" | "updates") {
        return None;
    }
    let record = match letter.topic {
        Topic::Refused => letter.read::<Refused>().ok()?,
        _ => Refused {
            door: letter.lane.to_string(),
            why: why.to_owned(),
            sender: letter.subject.clone(),
            message_id: Some(letter.id.to_string()),
            body_base64: STANDARD.encode(&letter.body.get().as_bytes()[..letter.body.get().len().min(KEPT)]),
        },
    };
    let id = derived(&["dead", &letter.id.to_string()]);
    let obituary = Letter::new(id, Lane::dead(), Topic::Refused, letter.lane.as_str(), &record, letter.trace, now);
    Some(obituary.because(letter.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapin::{BasicProperties, types::FieldTable};
    use schemas::id::from_micros;
    use serde_json::json;

    fn names() -> Names {
        Names::new("voordeur")
    }

    fn delivery(exchange: &str, key: &str, kind: &str, body: &[u8]) -> Delivery {
        let mut delivery = Delivery::mock(1, exchange.into(), key.into(), false, body.to_vec());
        delivery.properties = BasicProperties::default().with_content_type(kind.into()).with_message_id("m1".into());
        delivery
    }

    fn event(kind: &str, data: serde_json::Value) -> Vec<u8> {
        json!({ "specversion": "1.0", "id": "e1", "source": "/channels/app", "type": kind, "data": data, "unknown": 1 })
            .to_string()
            .into_bytes()
    }

    const JSON: &str = "application/cloudevents+json; charset=utf-8";

    #[test]
    fn what_the_intake_door_takes_and_refuses() {
        let good = event("eu.voordeur.report.submitted", json!({ "words": "x" }));
        let big = vec![b' '; MAX_BODY + 1];
        let wrong = ["eu.voordeur.case.event", "org.example.x"].map(|kind| event(kind, json!({})));
        let empty = event("eu.voordeur.report.submitted", json!(null));
        let table: Vec<(&str, &str, &[u8], &str)> = vec![
            ("report.app", JSON, &good, ""),
            ("report.app", "Application/CloudEvents+JSON", &good, ""),
            ("report.app", "application/json", &good, "content type `application/json`"),
            ("report.app", "application/cloudevents+json; charset=latin1", &good, "content type"),
            ("report.App", JSON, &good, "routing key `report.App`"),
            ("report.app.extra", JSON, &good, "routing key"),
            ("other", JSON, &good, "routing key `other`"),
            ("report.app", JSON, b"", "not a CloudEvents"),
            ("report.app", JSON, b"\xff\xfe", "not a CloudEvents"),
            ("report.app", JSON, b"[1]", "not a CloudEvents"),
            ("report.app", JSON, &wrong[0], "type `eu.voordeur.case.event`"),
            ("report.app", JSON, &wrong[1], "type `org.example.x`"),
            ("report.app", JSON, &empty, "data"),
            ("report.app", JSON, &big, "the message is 1048577 bytes"),
        ];
        for (key, kind, body, why) in table {
            let delivery = delivery("voordeur.intake", key, kind, body);
            match read(&names(), &Lane::intake(), &delivery, from_micros(5)) {
                Ok(letter) => {
                    assert!(why.is_empty(), "taken: {key} {kind}");
                    assert_eq!(letter.id, derived(&["submitted", "app", "e1"]));
                    assert_eq!((letter.subject.as_str(), letter.posted_at), ("app", from_micros(5)));
                }
                Err(aside) => {
                    let Verdict::Never { why: said, .. } = aside.verdict else { panic!("{:?}", aside.verdict) };
                    assert!(!why.is_empty() && said.contains(why), "{key} {kind}: {said}");
                    assert_eq!(aside.letter.topic, Topic::Refused);
                }
            }
        }
    }

    #[test]
    fn a_department_speaks_only_for_itself() {
        let body = |department: &str| {
            event("eu.voordeur.department.update", json!({ "id": "u1", "department": department, "more": 1 }))
        };
        let read = |key: &str, body: &[u8]| {
            read(&names(), &Lane::updates(), &delivery("voordeur.updates", key, JSON, body), from_micros(0))
        };
        let letter = read("parks.done", &body("parks")).unwrap();
        assert_eq!(letter.id, derived(&["update", "parks", "u1"]));
        for (key, body) in [
            ("parks.done", body("roads")),
            ("done", body("parks")),
            ("parks.done", body("NO SUCH")),
            (".", body("parks")),
        ] {
            assert!(read(key, &body).is_err(), "{key}");
        }
    }

    #[test]
    fn the_header_wins_and_the_same_refusal_is_one_dead_letter() {
        let trace = Trace::start();
        let good = event("eu.voordeur.report.submitted", json!({}));
        let mut delivery = delivery("voordeur.intake", "report.app", JSON, &good);
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), lapin::types::AMQPValue::LongString(trace.to_string().into()));
        delivery.properties = delivery.properties.clone().with_headers(headers);
        assert_eq!(read(&names(), &Lane::intake(), &delivery, from_micros(0)).unwrap().trace, trace);
        delivery.data = b"garbage".to_vec();
        let [one, two] =
            [from_micros(1), from_micros(2)].map(|now| read(&names(), &Lane::intake(), &delivery, now).unwrap_err());
        assert_eq!(one.letter.id, two.letter.id);
        let obituary = obituary(&one.letter, "why", from_micros(3)).unwrap();
        assert_eq!((obituary.lane, obituary.cause), (Lane::dead(), Some(one.letter.id)));
    }

    #[test]
    fn a_letter_that_ends_its_readers_is_tried_later() {
        let good = event("eu.voordeur.report.submitted", json!({}));
        let mut delivery = delivery("voordeur.intake", "report.app", JSON, &good);
        let mut headers = FieldTable::default();
        headers.insert("x-delivery-count".into(), lapin::types::AMQPValue::LongLongInt(TOO_OFTEN));
        delivery.properties = delivery.properties.clone().with_headers(headers);
        let aside = read(&names(), &Lane::intake(), &delivery, from_micros(0)).unwrap_err();
        assert_eq!((aside.letter.topic, aside.verdict.word()), (Topic::ReportSubmitted, "later"));
    }
}
