use super::*;
use proptest::prelude::*;

const REQUESTS_XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<service_requests>
  <request>
    <service_request_id>638344</service_request_id>
    <status>closed</status>
    <status_notes>Put gedicht &amp; nagekeken &#233;&#x301;</status_notes>
    <description><![CDATA[Een put <diep>
[voordeur 1b4e28ba]]]></description>
    <media_url/>
  </request>
  <request><service_request_id> 638345 </service_request_id><status>open</status></request>
</service_requests>"#;

fn ids(node: &Node) -> Vec<&str> {
    node.having("service_request_id").iter().filter_map(|node| node.field("service_request_id")).collect()
}

#[test]
fn both_formats_and_every_wrapping_read_the_same() {
    let xml = read(Format::Xml, REQUESTS_XML.as_bytes()).unwrap();
    assert_eq!(ids(&xml), ["638344", "638345"]);
    let first = xml.having("service_request_id")[0];
    assert_eq!(first.field("status_notes"), Some("Put gedicht & nagekeken é\u{301}"));
    assert_eq!(first.field("media_url"), None);
    assert!(first.mentions("1b4e28ba") && !first.mentions("638345"));
    for json in [
        r#"[{"service_request_id": "638344", "media_url": null}, {"service_request_id": 638345}]"#,
        r#"{"service_requests": [{"service_request_id": 638344}, {"service_request_id": "638345"}]}"#,
        r#"{"service_requests": {"request": [{"service_request_id": 638344}, {"service_request_id": "638345"}]}}"#,
    ] {
        let json = read(Format::Json, json.as_bytes()).unwrap();
        assert_eq!(ids(&json), ["638344", "638345"]);
        assert_eq!(json.having("service_request_id")[0].field("media_url"), None);
    }
    let several = read(Format::Json, br#"[{"id": 1, "media_url": ["https://a.example/1", "https://a.example/2"]}]"#);
    let several = several.unwrap();
    assert_eq!(several.having("id")[0].fields("media_url").count(), 2);
}

#[test]
fn what_stands_inside_a_result_is_held_once() {
    let mut nested = "x".repeat(1_000);
    for _ in 0..25 {
        nested = format!(
            r#"{{"service_request_id": 1, "notes": "é", "inside": {}}}"#,
            match nested.starts_with('{') {
                true => nested,
                false => format!("{nested:?}"),
            }
        );
    }
    let node = read(Format::Json, format!(r#"{{"requests": [{nested}, {{"service_request_id": 2}}]}}"#).as_bytes());
    let node = node.unwrap();
    let all = node.size();
    assert!(all > nested.len() / 2, "{all}");
    let found = node.into_having("service_request_id");
    assert_eq!(found.iter().filter_map(|node| node.field("service_request_id")).collect::<Vec<_>>(), ["1", "2"]);
    assert!(found.iter().map(Node::size).sum::<usize>() < all);
}

#[test]
fn errors_are_read_in_both_formats() {
    let rows = [
        (
            Format::Xml,
            "<errors><error><code>403</code><description>403: api_key missing</description></error></errors>",
        ),
        (Format::Json, r#"[{"code": 403, "description": "403: api_key missing"}]"#),
        (Format::Json, r#"{"errors": [{"code": "403", "description": "403: api_key missing"}]}"#),
    ];
    for (format, body) in rows {
        let said = read(format, body.as_bytes()).unwrap().errors();
        assert_eq!(said.as_deref(), Some("403: api_key missing"), "{body}");
    }
    let two = r#"[{"code": 400, "description": "lat missing"}, {"code": 400, "description": "long missing"}]"#;
    let two = read(Format::Json, two.as_bytes()).unwrap().errors();
    assert_eq!(two.as_deref(), Some("400 lat missing; 400 long missing"));
    assert_eq!(read(Format::Xml, REQUESTS_XML.as_bytes()).unwrap().errors(), None, "a description is no error");
}

#[test]
fn what_is_hostile_is_refused() {
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>"#;
    assert_eq!(read(Format::Xml, bomb.as_bytes()), Err(Unreadable::Entities));
    assert_eq!(read(Format::Xml, b"<x>&secret;</x>"), Err(Unreadable::Entities));
    let deep = format!("{}{}", "<a>".repeat(1_000), "</a>".repeat(1_000));
    assert_eq!(read(Format::Xml, deep.as_bytes()), Err(Unreadable::TooMuch));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(read(Format::Json, deep.as_bytes()), Err(Unreadable::TooMuch));
    let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_NODES + 1));
    assert_eq!(read(Format::Xml, wide.as_bytes()), Err(Unreadable::TooMuch));
    let wide = format!("[{}0]", "0,".repeat(MAX_NODES));
    assert_eq!(read(Format::Json, wide.as_bytes()), Err(Unreadable::TooMuch));
    for broken in ["", "x", "<a>", "<a></b>", "</a>", "<a", "<a>\u{0}", "<?xml?>"] {
        assert!(matches!(read(Format::Xml, broken.as_bytes()), Err(Unreadable::Malformed(..))), "{broken}");
    }
    assert!(read(Format::Xml, b"<a>\xff</a>").is_err());
    assert!(read(Format::Json, b"{\"a\": \"\xff\"}").is_err());
}

#[test]
fn moments_are_read_as_servers_write_them() {
    let zone = jiff::tz::TimeZone::get("Europe/Brussels").unwrap();
    for (text, is) in [
        ("2026-11-23T10:00:00Z", Some("2026-11-23T10:00:00Z")),
        ("2026-11-23T10:00:00-05:00", Some("2026-11-23T15:00:00Z")),
        ("2026-11-23T10:00:00.123+01:00", Some("2026-11-23T09:00:00.123Z")),
        ("2026-11-23T10:00:00", Some("2026-11-23T09:00:00Z")),
        (" 2026-11-23 10:00 ", Some("2026-11-23T09:00:00Z")),
        ("2026-11-23", Some("2026-11-22T23:00:00Z")),
        ("yesterday", None),
        ("", None),
        ("9999-99-99T00:00:00Z", None),
    ] {
        assert_eq!(moment(text, &zone), is.map(|is| is.parse().unwrap()), "{text}");
    }
}

proptest! {
    /// Whatever a server sends, it is read or refused, and what is read can be asked.
    #[test]
    fn nothing_that_a_server_sends_makes_us_fall(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<a>", "</a>", "<service_request_id>", "</service_request_id>", "1", "&amp;", "&#0;", "&#xD800;", "&x;", "<!--",
            "-->", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE", ">", "\"", "{", "}", "[", "]", ":", ",", "null", "\\u0000", "é",
        ]), 0..40),
    ) {
        let joined = pieces.concat();
        for body in [bytes.as_slice(), joined.as_bytes()] {
            for format in [Format::Xml, Format::Json] {
                if let Ok(node) = read(format, body) {
                    node.errors();
                    node.mentions("1");
                    node.having("service_request_id").iter().for_each(|node| { node.line("status", 10); });
                }
            }
        }
    }

    #[test]
    fn no_text_is_a_moment_by_accident(text in ".{0,40}") {
        moment(&text, &jiff::tz::TimeZone::UTC);
    }
}
