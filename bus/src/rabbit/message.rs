//! A letter as an AMQP message, and back.

use super::Names;
use crate::source::ReplyTo;
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, FieldTable, LongString, ShortString},
};
use schemas::{
    Timestamp, cloudevent,
    letter::{Lane, Letter, Refused, Topic},
    trace::Trace,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// The `source` of our events (CloudEvents §source).
const SOURCE: &str = "/voordeur";

/// The largest message that is looked at. A report is a few KB, its photos are uploaded apart.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// A message ready to be published.
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) exchange: ShortString,
    pub(crate) key: ShortString,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Vec<u8>,
}

/// A name as AMQP takes it: at most 255 bytes. Ours are far shorter.
fn short(text: String) -> ShortString {
    ShortString::try_new(text).unwrap_or_default()
}

fn long(text: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(text))
}

/// The message that carries `letter`.
pub(crate) fn write(names: &Names, letter: &Letter) -> Message {
    let (exchange, key) = names.route(letter);
    let mut headers = FieldTable::default();
    headers.insert("traceparent".into(), long(&letter.trace.to_string()));
    headers.insert("x-attempt".into(), AMQPValue::LongUInt(letter.attempt));
    match letter.lane.as_str() {
        "dead" => {
            if let Ok(refused) = letter.read::<Refused>() {
                headers.insert("x-why".into(), long(cut(&refused.why, 1000)));
                headers.insert("x-door".into(), long(cut(&refused.door, 200)));
            }
        }
        _ => drop(headers.insert("x-subject".into(), long(&letter.subject))),
    }
    let properties = BasicProperties::default()
        .with_content_type(cloudevent::CONTENT_TYPE.into())
        .with_message_id(short(letter.id.to_string()))
        .with_delivery_mode(2)
        .with_headers(headers);
    Message {
        id: letter.id,
        exchange: short(exchange),
        key: short(key),
        properties,
        body: cloudevent::write(letter, SOURCE),
    }
}

/// The first `max` bytes of `text`, cut between characters.
fn cut(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// One of our own letters, as [`cloudevent::write`] makes it.
#[derive(Deserialize)]
struct Ours<'a> {
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    subject: Option<Uuid>,
    time: Timestamp,
    traceparent: Trace,
    #[serde(default)]
    cause: Option<Uuid>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The letter in a message that we published for `lane`.
pub(crate) fn read(lane: &Lane, delivery: &Delivery) -> Result<Letter, String> {
    let ours: Ours<'_> =
        serde_json::from_slice(&delivery.data).map_err(|error| format!("not a letter of ours: {error}"))?;
    let topic = ours.kind.strip_prefix(cloudevent::TYPE_PREFIX).and_then(Topic::parse);
    let topic = topic.ok_or_else(|| format!("not a topic of ours: {}", cut(ours.kind, 100)))?;
    Ok(Letter {
        id: ours.id,
        lane: lane.clone(),
        topic,
        subject: header(delivery, "x-subject").unwrap_or_default().to_owned(),
        case_id: ours.subject,
        body: ours.data.to_owned().into(),
        cause: ours.cause,
        trace: header(delivery, "traceparent").and_then(Trace::parse).unwrap_or(ours.traceparent),
        attempt: number(delivery, "x-attempt").and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        posted_at: ours.time,
        ready_at: None,
    })
}

fn value<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a AMQPValue> {
    delivery.properties.headers().as_ref()?.inner().get(name)
}

/// A header that is text.
pub(crate) fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a str> {
    match value(delivery, name)? {
        AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok(),
        AMQPValue::ShortString(text) => Some(text.as_str()),
        _ => None,
    }
}

/// A header that is a number, whatever its width.
pub(crate) fn number(delivery: &Delivery, name: &str) -> Option<i64> {
    match *value(delivery, name)? {
        AMQPValue::ShortShortInt(n) => Some(n.into()),
        AMQPValue::ShortShortUInt(n) => Some(n.into()),
        AMQPValue::ShortInt(n) => Some(n.into()),
        AMQPValue::ShortUInt(n) => Some(n.into()),
        AMQPValue::LongInt(n) => Some(n.into()),
        AMQPValue::LongUInt(n) => Some(n.into()),
        AMQPValue::LongLongInt(n) => Some(n),
        _ => None,
    }
}

/// Where an answer to `delivery` goes, when its sender asked for one that we may give. Anything
/// else than the queues made for answers is refused: a sender must not make us write into a queue
/// that it may not write to itself.
pub(crate) fn reply_to(names: &Names, delivery: &Delivery) -> Option<ReplyTo> {
    let queue = delivery.properties.reply_to().as_ref()?.as_str();
    let ours = names.of("reply.");
    let may = ["amq.rabbitmq.reply-to.", "amq.gen-", &ours].iter().any(|start| queue.starts_with(start));
    let correlation = delivery.properties.correlation_id().as_ref().map(|id| id.as_str().to_owned());
    may.then(|| ReplyTo { queue: queue.to_owned(), correlation })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::id::from_micros;

    fn delivered(message: Message) -> Delivery {
        let mut delivery = Delivery::mock(1, message.exchange, message.key, false, message.body);
        delivery.properties = message.properties;
        delivery
    }

    #[test]
    fn a_letter_survives_the_journey() {
        let now = from_micros(1_700_000_000_123_456);
        let mut letter = Letter::new(
            Uuid::from_u128(7),
            Lane::notifier(),
            Topic::CaseEvent,
            "case.routed",
            &[1, 2],
            Trace::start(),
            now,
        )
        .about(Uuid::from_u128(8))
        .because(Uuid::from_u128(9));
        letter.attempt = 3;
        let read = read(&Lane::notifier(), &delivered(write(&Names::new("voordeur"), &letter))).unwrap();
        assert_eq!(format!("{read:?}"), format!("{letter:?}"));
    }

    #[test]
    fn letters_find_their_queue() {
        let names = Names::new("voordeur");
        let route = |lane: &str, subject: &str| {
            let letter = Letter::new(
                Uuid::nil(),
                Lane::new(lane),
                Topic::CaseEvent,
                subject,
                &(),
                Trace::start(),
                from_micros(0),
            );
            let message = write(&names, &letter);
            (message.exchange.to_string(), message.key.to_string())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(route("router", "report"), pair("voordeur.lanes", "router"));
        assert_eq!(route("dept.parks", "report"), pair("voordeur.lanes", "dept.parks"));
        assert_eq!(route("queue.parks", "report.urgent"), pair("voordeur.departments", "parks.report.urgent"));
        assert_eq!(route("events", "case.routed"), pair("voordeur.events", "case.routed"));
        assert_eq!(route("updates", "parks"), pair("voordeur.lanes", "updates"));
        assert_eq!(names.queue(&Lane::intake()).as_deref(), Some("voordeur.intake"));
        assert_eq!(names.queue(&Lane::new("send.mail")).as_deref(), Some("voordeur.lane.send.mail"));
        assert_eq!(names.queue(&Lane::events()), None);
    }

    #[test]
    fn answers_go_only_where_answers_may_go() {
        let names = Names::new("voordeur");
        let asks = |queue: &str| {
            let mut delivery = Delivery::mock(1, "".into(), "".into(), false, Vec::new());
            delivery.properties =
                BasicProperties::default().with_reply_to(queue.into()).with_correlation_id("c1".into());
            reply_to(&names, &delivery).is_some()
        };
        for queue in ["amq.rabbitmq.reply-to.abc", "amq.gen-abc", "voordeur.reply.app"] {
            assert!(asks(queue), "{queue}");
        }
        for queue in ["", "voordeur.intake", "voordeur.lane.router", "voordeur.dept.parks", "voordeur.replys", "other"]
        {
            assert!(!asks(queue), "{queue}");
        }
    }
}
