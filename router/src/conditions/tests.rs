//! Every condition as a table: what a rule writes, what is known, and whether it holds.

use crate::{
    Facts, Reporter, Ruleset, Situation, decide, explain,
    testing::{at, city, report, situation, slug},
};
use schemas::{
    city::Layer,
    place::Point,
    report::{Contact, Kind, Language, Report, Tell, Urgency},
};

type Known = fn(&mut Situation);

/// The fact that meets `when`, or nothing when the rule does not match.
fn met(when: &str, known: Known) -> Option<String> {
    let text = format!("- rule: tested\n  when: {{ {when} }}\n  then: {{ assign: roads }}\n");
    let city = city(&[("a.yaml", &text)]);
    let (ruleset, faults) = Ruleset::read(&city);
    let ruleset = ruleset.unwrap_or_else(|| panic!("{when}: {faults:#?}"));
    let mut situation = situation(&city);
    known(&mut situation);
    let facts = situation.facts(&city);
    let decision = decide(&ruleset, &city, &facts);
    // What explains a decision agrees with what made it.
    let explanation = explain(&ruleset, &city, &facts);
    assert_eq!(explanation.decision, decision, "{when}");
    let matched = decision.rule == "tested";
    let tried = explanation.rules.iter().chain(&explanation.near).find(|rule| rule.rule == "tested");
    if let Some(tried) = tried {
        assert_eq!(tried.conditions.iter().all(|c| c.held), matched, "{when}");
    }
    matched.then(|| decision.reasons[0].fact.clone())
}

fn check(table: &[(&str, Known, Option<&str>)]) {
    for (when, known, expected) in table {
        assert_eq!(met(when, *known).as_deref(), *expected, "{when}");
    }
}

#[test]
fn category() {
    check(&[
        ("category: road/hole", |_| {}, Some("road/hole")),
        ("category: road/*", |_| {}, Some("road/hole")),
        ("category: [green/*, road/hole]", |_| {}, Some("road/hole")),
        ("category: road/ice", |_| {}, None),
        ("category: [green/*, other/other]", |_| {}, None),
    ]);
}

#[test]
fn kind() {
    check(&[
        ("kind: report", |_| {}, Some("report")),
        ("kind: [complaint, question]", |s| s.kind = Kind::Question, Some("question")),
        ("kind: complaint", |_| {}, None),
    ]);
}

#[test]
fn channel() {
    check(&[
        ("channel: web", |_| {}, Some("web")),
        ("channel: [web, phone]", |s| s.channel = slug("phone"), Some("phone")),
        ("channel: phone", |_| {}, None),
    ]);
}

#[test]
fn urgency() {
    check(&[
        ("urgency: normal", |_| {}, Some("normal")),
        ("urgency: [high, emergency]", |s| s.urgency = Urgency::Emergency, Some("emergency")),
        ("urgency: high", |_| {}, None),
    ]);
}

#[test]
fn area() {
    check(&[
        ("area: north", |s| s.areas = vec![slug("north")], Some("north")),
        ("area: [north, south]", |s| s.areas = vec![slug("south")], Some("south")),
        ("area: north", |s| s.areas = vec![slug("elsewhere"), slug("north")], Some("north")),
        ("area: north", |s| s.areas = vec![slug("south")], None),
        ("area: [north, south]", |_| {}, None),
    ]);
}

#[test]
fn answer() {
    check(&[
        ("answer: {danger: true}", |s| drop(s.answers.insert("danger".into(), true.into())), Some("danger: true")),
        ("answer: {danger: true}", |s| drop(s.answers.insert("danger".into(), false.into())), None),
        ("answer: {danger: true}", |_| {}, None),
        ("answer: {number: 112}", |s| drop(s.answers.insert("number".into(), "112".into())), Some("number: 112")),
        ("answer: {number: [a, b]}", |s| drop(s.answers.insert("number".into(), "b".into())), Some("number: b")),
        ("answer: {number: a}", |s| drop(s.answers.insert("number".into(), "b".into())), None),
        (
            "answer: {waste: [glass]}",
            |s| drop(s.answers.insert("waste".into(), serde_json::json!(["paper", "glass"]))),
            Some("waste: [\"paper\",\"glass\"]"),
        ),
        ("answer: {waste: glass}", |s| drop(s.answers.insert("waste".into(), serde_json::json!(["paper"]))), None),
        ("answer: {waste: glass, danger: true}", |s| drop(s.answers.insert("danger".into(), true.into())), None),
    ]);
}

#[test]
fn photo() {
    check(&[
        ("photo: true", |s| s.photos = 1, Some("1 photo")),
        ("photo: true", |_| {}, None),
        ("photo: false", |_| {}, Some("no photo")),
        ("photo: false", |s| s.photos = 3, None),
    ]);
}

#[test]
fn language() {
    check(&[
        ("language: nl", |_| {}, Some("nl")),
        ("language: [fr]", |s| s.language = Language::FR, Some("fr")),
        ("language: fr", |_| {}, None),
    ]);
}

#[test]
fn office_hours() {
    check(&[
        // An example without a moment is an ordinary working one.
        ("office_hours: true", |_| {}, Some("Wed 2026-03-04 13:00, the office is open")),
        ("office_hours: true", |s| s.at = at("2026-03-04T16:00:00Z"), None),
        (
            "office_hours: false",
            |s| s.at = at("2026-03-04T16:00:00Z"),
            Some("Wed 2026-03-04 17:00, the office is closed"),
        ),
        (
            "office_hours: false",
            |s| s.at = at("2026-03-07T10:00:00Z"),
            Some("Sat 2026-03-07 11:00, the office is closed"),
        ),
        (
            "office_hours: false",
            |s| s.at = at("2026-11-11T10:00:00Z"),
            Some("Wed 2026-11-11 11:00, the office is closed"),
        ),
    ]);
}

#[test]
fn holiday() {
    check(&[
        ("holiday: true", |s| s.at = at("2026-11-11T10:00:00Z"), Some("2026-11-11 is a holiday")),
        // Easter Monday.
        ("holiday: true", |s| s.at = at("2026-04-06T10:00:00Z"), Some("2026-04-06 is a holiday")),
        // 23:30 UTC on the day before is already the holiday in Brussels.
        ("holiday: true", |s| s.at = at("2026-11-10T23:30:00Z"), Some("2026-11-11 is a holiday")),
        ("holiday: true", |_| {}, None),
        ("holiday: false", |_| {}, Some("2026-03-04 is no holiday")),
    ]);
}

#[test]
fn weekday() {
    check(&[
        ("weekday: wed", |_| {}, Some("wed")),
        ("weekday: [sat, sun]", |s| s.at = at("2026-03-08T10:00:00Z"), Some("sun")),
        ("weekday: [sat, sun]", |_| {}, None),
        // Sunday 23:30 UTC is Monday in Brussels.
        ("weekday: mon", |s| s.at = at("2026-03-08T23:30:00Z"), Some("mon")),
    ]);
}

#[test]
fn time() {
    check(&[
        ("time: \"12:00-14:00\"", |_| {}, Some("13:00")),
        ("time: \"13:00-14:00\"", |_| {}, Some("13:00")),
        ("time: \"12:00-13:00\"", |_| {}, None),
        ("time: \"22:00-06:00\"", |s| s.at = at("2026-03-04T22:30:00Z"), Some("23:30")),
        ("time: \"22:00-06:00\"", |s| s.at = at("2026-03-04T04:59:00Z"), Some("05:59")),
        ("time: \"22:00-06:00\"", |s| s.at = at("2026-03-04T05:00:00Z"), None),
        ("time: [\"06:00-07:00\", \"23:00-24:00\"]", |s| s.at = at("2026-03-04T22:59:00Z"), Some("23:59")),
    ]);
}

#[test]
fn words() {
    check(&[
        ("words: asbest", |s| s.words = "Er ligt ASBEST!".into(), Some("asbest")),
        ("words: asbest", |s| s.words = "asbestplaten".into(), None),
        ("words: asbest*", |s| s.words = "asbestplaten".into(), Some("asbest*")),
        ("words: \"*lek\"", |s| s.words = "een gaslek.".into(), Some("*lek")),
        ("words: \"*as*\"", |s| s.words = "een gaslek.".into(), Some("*as*")),
        ("words: [\"gas leak\", brug]", |s| s.words = "a gas\n leak".into(), Some("gas leak")),
        ("words: \"gas leak\"", |s| s.words = "gas, no leak".into(), None),
        ("words: [fuite, énorme]", |s| s.words = "ENORME".into(), Some("énorme")),
        ("words: enorme", |s| s.words = "énorme".into(), Some("enorme")),
        ("words: N8", |s| s.words = "op de N8/R8".into(), Some("N8")),
        ("words: N8", |s| s.words = "AN8213".into(), None),
        ("words: put", |_| {}, None),
    ]);
}

#[test]
fn managers() {
    let (road, green) = (Layer::Road as usize, Layer::Green as usize);
    assert_eq!((road, green), (0, 1));
    check(&[
        ("road_manager: region", |s| s.owners[0] = Some(slug("region")), Some("region")),
        ("road_manager: [city, region]", |s| s.owners[0] = Some(slug("city")), Some("city")),
        ("road_manager: region", |s| s.owners[0] = Some(slug("city")), None),
        ("road_manager: region", |_| {}, None),
        ("not: {road_manager: region}", |_| {}, Some("the road manager is not known")),
        ("not: {road_manager: region}", |s| s.owners[0] = Some(slug("city")), Some("city")),
        ("green_manager: forest", |s| s.owners[1] = Some(slug("forest")), Some("forest")),
        ("green_manager: forest", |s| s.owners[0] = Some(slug("region")), None),
    ]);
}

#[test]
fn managers_are_looked_up_where_the_report_lies() {
    let city = city(&[]);
    for (lat, lon, road, green) in [
        (50.5, 3.5, Some("region"), None),
        (50.6001, 3.5, Some("city"), Some("forest")),
        (50.69, 3.1, Some("city"), None),
    ] {
        let mut report = report(&city);
        let facts = Facts::of(&report, &city, &[], report.received_at);
        assert_eq!(facts.owner(Layer::Road), None, "without a point nobody is known");
        report.place.point = Some(Point { lat, lon });
        let facts = Facts::of(&report, &city, &[], report.received_at);
        let found = |layer| facts.owner(layer).map(|owner| owner.as_str());
        assert_eq!((found(Layer::Road), found(Layer::Green)), (road, green), "{lat} {lon}");
        assert_eq!(found(Layer::Watercourse), None);
    }
}

#[test]
fn reporter() {
    check(&[
        ("reporter: anonymous", |_| {}, Some("nobody left a name or an address")),
        ("reporter: anonymous", |s| s.reporter.phone = true, None),
        ("reporter: [email, phone]", |s| s.reporter.phone = true, Some("left a telephone number")),
        ("reporter: named", |s| s.reporter.name = true, Some("left a name")),
        ("reporter: told", |s| s.reporter.told = true, Some("wants to be told")),
        ("reporter: told", |_| {}, None),
        ("reporter: staff", |s| s.reporter.staff = true, Some("somebody of the city wrote it down")),
        ("reporter: resident", |_| {}, Some("the resident wrote it")),
        (
            "not: {reporter: [anonymous, resident]}",
            |s| {
                s.reporter.email = true;
                s.reporter.staff = true;
            },
            Some("left an e-mail address, somebody of the city wrote it down"),
        ),
    ]);
}

/// What is known of somebody never says who it is.
#[test]
fn a_reporter_is_known_by_what_there_is_alone() {
    let city = city(&[]);
    let mut report = report(&city);
    let contact =
        Contact { name: Some("Someone".into()), email: Some("a@voordeur.example".into()), phone: None, post: None };
    let of = |report: &Report, contact| Reporter::of(report, contact, &city);
    assert_eq!(of(&report, None), Reporter::default());
    report.tell = Tell::Email;
    report.channel = slug("counter");
    let known = Reporter { name: true, email: true, phone: false, told: true, staff: true };
    assert_eq!(of(&report, Some(&contact)), known);
    let text = "- rule: tested\n  when: { reporter: [named] }\n  then: { assign: roads }\n";
    let city = crate::testing::city(&[("a.yaml", text)]);
    let ruleset = Ruleset::read(&city).0.unwrap();
    let facts = Facts::of(&report, &city, &[], report.received_at);
    assert_eq!(decide(&ruleset, &city, &facts).rule, "fallback", "what was not looked up is not known");
    let facts = facts.with_reporter(known);
    let told = explain(&ruleset, &city, &facts).to_string();
    assert!(told.contains("left a name") && !told.contains("Someone") && !told.contains("voordeur.example"), "{told}");
}

#[test]
fn load() {
    check(&[
        (
            "load: {department: roads, open: '>50'}",
            |s| s.load = [(slug("roads"), 51)].into_iter().collect(),
            Some("roads has 51 open"),
        ),
        ("load: {department: roads, open: '>50'}", |s| s.load = [(slug("roads"), 50)].into_iter().collect(), None),
        ("load: {department: roads, open: 0}", |_| {}, Some("roads has 0 open")),
        ("not: {load: {department: roads, open: 10..20}}", |_| {}, Some("roads has 0 open")),
    ]);
}

#[test]
fn answers_of_every_type() {
    check(&[
        (
            "answer: {number: '>=100'}",
            |s| {
                s.answers.insert("number".into(), "120".into());
            },
            Some("number: >=100"),
        ),
        (
            "answer: {number: '>=100'}",
            |s| {
                s.answers.insert("number".into(), "99".into());
            },
            None,
        ),
        (
            "answer: {number: '>=100'}",
            |s| {
                s.answers.insert("number".into(), "no idea".into());
            },
            None,
        ),
        (
            "answer: {number: ['1..9', B]}",
            |s| {
                s.answers.insert("number".into(), "2,5".into());
            },
            Some("number: 1..9"),
        ),
        (
            "answer: {number: [1..9, B]}",
            |s| {
                s.answers.insert("number".into(), "B".into());
            },
            Some("number: B"),
        ),
        (
            "answer: {number: 12}",
            |s| {
                s.answers.insert("number".into(), "12".into());
            },
            Some("number: 12"),
        ),
        (
            "answer: {danger: true}",
            |s| {
                s.answers.insert("danger".into(), true.into());
            },
            Some("danger: true"),
        ),
        (
            "answer: {danger: [false]}",
            |s| {
                s.answers.insert("danger".into(), true.into());
            },
            None,
        ),
    ]);
    assert_eq!(
        met("not: {answer: {number: '>=100'}}", |s| {
            s.answers.insert("number".into(), "7 secrets".into());
        }),
        Some("number was answered otherwise".to_owned()),
        "what somebody wrote is not shown"
    );
}

#[test]
fn all_any_not() {
    check(&[
        ("all: [{category: road/*}, {photo: false}]", |_| {}, Some("road/hole, no photo")),
        ("all: [{category: road/*}, {photo: true}]", |_| {}, None),
        ("any: [{photo: true}, {category: road/*}]", |_| {}, Some("road/hole")),
        ("any: [{photo: true}, {category: road/*, kind: complaint}]", |_| {}, None),
        ("not: {photo: true}", |_| {}, Some("no photo")),
        ("not: {photo: false}", |_| {}, None),
        ("not: {any: [{photo: true}, {area: north}]}", |_| {}, Some("no photo; in no known area")),
        ("not: {any: [{photo: true}, {category: road/*}]}", |_| {}, None),
        ("not: {all: [{category: road/*}, {photo: true}]}", |_| {}, Some("no photo")),
        ("not: {not: {category: road/hole}}", |_| {}, Some("road/hole")),
    ]);
}

#[test]
fn what_is_written_wrong_is_named() {
    for (when, message, help) in [
        ("category: road/hoel", "there is no category `road/hoel`", "did you mean `road/hole`?"),
        ("category: roads/*", "there is no group of categories `roads`", "did you mean `road`?"),
        ("category: []", "this list of categories is empty", "name at least one"),
        ("kind: complain", "there is no kind `complain`", "did you mean `complaint`?"),
        ("urgency: urgent", "there is no urgency `urgent`", "choose one of: low, normal, high, emergency"),
        ("area: nort", "there is no area `nort`", "did you mean `north`?"),
        ("channel: WhatsApp", "`WhatsApp` is not a name", "a channel is written like"),
        ("answer: {dangr: true}", "there is no question `dangr`", "did you mean `danger`?"),
        ("answer: {danger: yes!}", "there is no answer to a yes-or-no question `yes!`", "true, false"),
        ("answer: {waste: glas}", "there is no option of this question `glas`", "did you mean `glass`?"),
        ("answer: {number: '>many'}", "`>many` is no range of numbers", "\">50\""),
        ("road_manager: regoin", "there is no road manager `regoin`", "did you mean `region`?"),
        ("watercourse_manager: city", "no layer of owners for `watercourse`", "owners/watercourse.geojson"),
        ("reporter: anonymus", "there is no trait of a reporter `anonymus`", "did you mean `anonymous`?"),
        ("load: {department: rods, open: 3}", "there is no department `rods`", "did you mean `roads`?"),
        ("load: {department: roads, open: many}", "`many` is no number of cases", "\">50\""),
        ("load: {department: roads}", "`open` is missing", "add `open:`"),
        ("answer: {}", "no question is named here", "answer:"),
        ("language: de", "there is no language `de`", "choose one of: nl, fr"),
        ("weekday: monday", "there is no weekday `monday`", "did you mean `mon`?"),
        ("time: 22-6", "`22-6` is not a span of the day", "22:00-06:00"),
        ("time: \"25:00-26:00\"", "is not a span of the day", "22:00-06:00"),
        ("words: \"...\"", "`...` can never be found", "letters or digits"),
        ("words: \"a*b\"", "`a*b` can never be found", "at the beginning or the end"),
        ("any: []", "`any` has a branch without conditions", "list conditions"),
        ("all: [{}]", "`all` has no conditions", "list conditions"),
        ("not: {kind: report, photo: true}", "`not` takes one condition, here are 2", "not: {any:"),
        ("not: {category: road/hoel}", "there is no category `road/hoel`", "did you mean"),
        ("catgory: road/hole", "`catgory` means nothing here", "did you mean `category`?"),
    ] {
        let text = format!("- rule: tested\n  when: {{ {when} }}\n  then: {{ assign: roads }}\n");
        let (ruleset, faults) = Ruleset::read(&city(&[("a.yaml", &text)]));
        assert!(ruleset.is_none(), "{when}");
        let fault = faults
            .iter()
            .find(|fault| fault.message.contains(message))
            .unwrap_or_else(|| panic!("{when}: {faults:#?}"));
        assert!(fault.help.contains(help), "{when}: {}", fault.help);
        assert_eq!((fault.file.as_str(), fault.line), ("rules/a.yaml", 2), "{when}");
        assert!(fault.column > 9, "{when}: column {}", fault.column);
    }
}
