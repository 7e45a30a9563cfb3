//! Every way to write a city wrong, and what is said about it.

use super::super::{City, Files, sample};
use crate::fault::{Fault, Severity};
use proptest::prelude::*;

const CITY: &str = r#"name: {nl: Dorp}
languages: [nl]
phone: "1777"
email: meldpunt@dorp.example
fallback: onthaal
calendar:
  timezone: Europe/Brussels
  working_days: [mon, tue]
  office_hours: "09:00-17:00"
  holidays:
    fixed: ["01-01", "07-21"]
    easter: [1]
areas:
  outline: areas/city.geojson
  files: [areas/wijken.geojson]
owners:
  road: {file: owners/road.geojson, within: 15, elsewhere: gemeente}
"#;
const DEPARTMENTS: &str = r#"departments:
  - id: onthaal
    name: {nl: Onthaal}
    kind: internal
    delivery: queue
  - id: publieke-ruimte
    name: {nl: Publieke ruimte}
    kind: partner
    delivery: {webhook: {url: "https://dorp.example/hook", tries: 3, fast: true, note: "3"}}
    share_reporter: true
"#;
const CATEGORIES: &str = r#"emergency_hints:
  - {number: "112", words: {nl: [Brand]}}
questions:
  gevaar: {text: {nl: Is er gevaar?}, answer: bool, raises: true}
  grootte:
    text: {nl: Hoe groot?}
    answer: choice
    options: [klein, {id: groot, nl: Heel groot}]
groups:
  - {id: wegen, icon: road, name: {nl: Wegen}}
categories:
  - id: wegen/put
    name: {nl: Put}
    department: publieke-ruimte
    urgency: high
    term: 5
    questions: [gevaar, grootte]
    photos: "no"
"#;
const OUTLINE: &str = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[3, 50], [4, 50], [4, 51], [3, 51], [3, 50]]]}}
]}"#;
const DISTRICTS: &str = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"id": "noord", "name": "Noord", "color": 3},
 "geometry": {"type": "MultiPolygon", "coordinates": [[[[3.1, 50.5, 12], [3.9, 50.5], [3.9, 50.9], [3.1, 50.5]]]]}},
{"type": "Feature", "properties": {"id": "zuid", "name": {"nl": "Zuid", "fr": "Sud"}},
 "geometry": {"type": "Polygon", "coordinates": [[[3.1, 50.1], [3.9, 50.1], [3.9, 50.4], [3.1, 50.1]]]}}
]}"#;

const ROADS: &str = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"owner": "gewest", "name": "N1"},
 "geometry": {"type": "MultiLineString", "coordinates": [[[3.1, 50.5], [3.2, 50.5]]]}}
]}"#;

fn village() -> Files {
    [
        ("city.yaml", CITY),
        ("departments.yaml", DEPARTMENTS),
        ("categories.yaml", CATEGORIES),
        ("areas/city.geojson", OUTLINE),
        ("areas/wijken.geojson", DISTRICTS),
        ("owners/road.geojson", ROADS),
        ("theme.css", "/* --city-link-color: nothing */\n:root {\n  --city-link-color: #0b5a8a;\n}\n"),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.into()))
    .collect()
}

fn errors(faults: &[Fault]) -> Vec<&Fault> {
    faults.iter().filter(|fault| fault.severity == Severity::Error).collect()
}

/// Reads the village with one change; `to` marks with `§` where the caret has to be.
fn changed(file: &str, from: &str, to: &str) -> (Vec<Fault>, (usize, usize), String) {
    let mut files = village();
    let text = &files[file];
    assert_eq!(text.matches(from).count(), 1, "`{from}` has to be once in {file}");
    let marked = text.replace(from, to);
    let before = marked.split('§').next().unwrap();
    let at = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap().chars().count() + 1);
    let text = marked.replace('§', "");
    files.insert(file.to_owned(), text.as_str().into());
    (City::read(files).1, at, text)
}

#[test]
fn a_good_village_has_no_fault() {
    let (city, faults) = City::read(village());
    assert!(faults.is_empty(), "{faults:#?}");
    let city = city.unwrap();
    assert_eq!(city.emergency_hints[0].words[&crate::report::Language::NL], ["brand"]);
    assert_eq!(city.questions["grootte"].options, ["klein", "groot"]);
    assert_eq!(city.questions["grootte"].option_names["groot"][&crate::report::Language::NL], "Heel groot");
    assert_eq!(city.calendar.office_minutes, (540, 1020));
    assert!(city.departments[..2].iter().all(|department| department.share_reporter == crate::city::Share::Always));
    assert_eq!(
        city.departments[1].delivery,
        super::super::Delivery::Push {
            adapter: "webhook".into(),
            settings: serde_json::json!({"url": "https://dorp.example/hook", "tries": 3, "fast": true, "note": "3"}),
        }
    );
    assert_eq!(city.delivery_at("publieke-ruimte"), (9, 15));
    let first = &city.categories[0].id;
    let line = city.files["categories.yaml"].lines().nth(city.category_at(first).0 - 1);
    assert!(line.is_some_and(|line| line.contains(first.as_str())), "{line:?}");
    let at = |lat, lon| city.areas.locate(crate::place::Point { lat, lon });
    assert_eq!(at(50.15, 3.8).iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["zuid"]);
    assert!(at(50.45, 3.2).is_empty() && at(f64::NAN, 3.2).is_empty());
}

#[test]
fn each_fault_is_told_where_it_is_and_how_to_mend_it() {
    #[rustfmt::skip]
    let table: &[(&str, &str, &str, &str, &str)] = &[
        // city.yaml
        ("city.yaml", "languages: [nl]", "languages: [nl, §de]", "there is no `texts/de.ftl`", "`voordeur texts de"),
        ("city.yaml", "languages: [nl]", "languages: [nl, §ne-BE]", "there is no language `ne-BE`", "nl, fr, en"),
        ("city.yaml", "languages: [nl]", "languages: [nl, §nl]", "`nl` is here twice", "keep one"),
        ("city.yaml", "languages: [nl]", "languages: §[]", "the city serves no language", "languages: [nl]"),
        ("city.yaml", "languages: [nl]", "languages: §nl", "`languages` is text, not a list", "[one, two]"),
        ("city.yaml", "languages: [nl]", "languages: [nl]\n§colour: red", "the city has no `colour`", "choose one of: name"),
        ("city.yaml", "languages: [nl]", "languages: [nl]\n§telefoon: 1", "the city has no `telefoon`", "choose one of"),
        ("city.yaml", "phone: \"1777\"", "phone: \"1777\"\n§phone: 2", "`phone` is here twice, first in line 3", "keep one"),
        ("city.yaml", "name: {nl: Dorp}", "name: §{fr: Village}", "the name of the city has no Dutch text", "add `nl: …`"),
        ("city.yaml", "name: {nl: Dorp}", "name: §Dorp", "in one language", "{nl: \"Dorp\""),
        ("city.yaml", "name: {nl: Dorp}", "name: {nl: §\"\"}", "the name of the city is empty", "write some text"),
        ("city.yaml", "name: {nl: Dorp}", "name: {nl: §[a]}", "the name of the city is a list, not text", "plain text"),
        ("city.yaml", "meldpunt@dorp.example", "§meldpunt@dorp", "not a mail address", "meldpunt@example.org"),
        ("city.yaml", "fallback: onthaal", "fallback: §ontaal", "there is no department `ontaal`", "did you mean `onthaal`?"),
        ("city.yaml", "fallback: onthaal", "fallback: §On Thaal", "the fallback desk `On Thaal` is not a name", "for instance `on-thaal`"),
        ("city.yaml", "Europe/Brussels", "§Europe/Brusels", "there is no time zone `Europe/Brusels`", "did you mean `Europe/Brussels`?"),
        ("city.yaml", "Europe/Brussels", "§CET-1", "there is no time zone `CET-1`", ""),
        ("city.yaml", "[mon, tue]", "[mon, §tues]", "a working day cannot be `tues`", "did you mean `tue`?"),
        ("city.yaml", "[mon, tue]", "§[]", "nobody works on any day", "working_days: [mon"),
        ("city.yaml", "\"09:00-17:00\"", "§\"17:00-09:00\"", "is not a time from and until", "the earlier time first"),
        ("city.yaml", "\"09:00-17:00\"", "§\"9-17\"", "is not a time from and until", "09:00-17:00"),
        ("city.yaml", "\"07-21\"", "§\"02-30\"", "`02-30` is no day of the year", "month and day"),
        ("city.yaml", "\"07-21\"", "§\"21-07\"", "`21-07` is no day of the year", "\"07-21\" is 21 July"),
        ("city.yaml", "easter: [1]", "easter: [1, §366]", "not a whole number from -100 to 250", ""),
        ("city.yaml", "easter: [1]", "easter: [§soon]", "not a whole number", ""),
        ("city.yaml", "areas/city.geojson", "§areas/citi.geojson", "no file `areas/citi.geojson`", "did you mean `areas/city.geojson`?"),
        ("city.yaml", "[areas/wijken.geojson]", "[areas/wijken.geojson, §areas/wijken.geojson]", "here twice", "keep one"),
        ("city.yaml", "areas/city.geojson", "§city.yaml", "`city.yaml` is not GeoJSON", "areas/city.geojson"),
        ("city.yaml", "phone: \"1777\"", "phone: [1777", "this is not YAML", "a missing `:`"),
        ("city.yaml", "phone: \"1777\"\n", "phone: \"1777\"\n\t§x: 1\n", "this is not YAML", "not with tabs"),
        ("city.yaml", "phone: \"1777\"", "phone: §*number", "`*name` refers to another part", "write the value out"),
        ("city.yaml", "\nphone: \"1777\"", "\n§---\nphone: \"1777\"", "a second document", "remove the `---`"),
        // departments.yaml
        ("departments.yaml", "id: publieke-ruimte", "id: §Publieke Ruimte", "the id `Publieke Ruimte` is not a name", "for instance `publieke-ruimte`"),
        ("departments.yaml", "    kind: partner", "    kind: §partners", "cannot be `partners`", "did you mean `partner`?"),
        ("departments.yaml", "delivery: queue", "delivery: §[queue]", "a delivery is one word", "write `queue`"),
        ("departments.yaml", "delivery: queue", "delivery: {webhook: §https://dorp.example}", "the settings of `webhook` are text", "write `queue`"),
        ("departments.yaml", "share_reporter: true", "may_be_critical: §sometimes", "`may_be_critical` is neither true nor false", "write `true` or `false`"),
        ("categories.yaml", "    term: 5\n", "    term: 5\n    critical: §very\n", "`critical` is neither true nor false", "write `true` or `false`"),
        ("categories.yaml", "    urgency: high\n", "    critical: §true\n", "its urgency is not high", "write `urgency: high`"),
        ("departments.yaml", "share_reporter: true", "share_reporter: §yes", "`share_reporter` cannot be `yes`", "choose one of"),
        ("departments.yaml", "share_reporter: true", "§share_reporters: true", "the department `publieke-ruimte` has no `share_reporters`", "did you mean `share_reporter`?"),
        ("departments.yaml", "- id: onthaal\n    name: {nl: Onthaal}\n", "- §id: onthaal\n", "the department `onthaal` lacks `name`", "add `name: {nl:"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: {contacts: §[]}", "names nobody", "{who: …"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: §{every: 10}", "lacks `contacts`", "{who: Wachtdienst"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: {every: §0, contacts: [{who: Wacht, phone: \"112\"}]}", "`every` is not a whole number from 1 to 60", ""),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: {desk: §ontaal, contacts: [{who: Wacht, phone: \"112\"}]}", "there is no department `ontaal`", "did you mean `onthaal`?"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: {contacts: [{who: Wacht, phone: §soon}]}", "`soon` is no telephone number", "digits"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: {contacts: [{who: Wacht, phone: \"112\", hours: §\"9-17\"}]}", "`hours` cannot be `9-17`", "outside-office"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: {contacts: [{who: Wacht, phone: \"112\", days: §weekend}]}", "`days` cannot be `weekend`", "choose one of"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    silent: §soon", "`silent` is not a whole number from 0 to 250", ""),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    escalate_to: §ontaal", "there is no department `ontaal`", "did you mean `onthaal`?"),
        ("city.yaml", "fallback: onthaal", "fallback: onthaal\npatience: {silent: 2, §patient: 3}", "`patience` has no `patient`", "choose one of"),
        ("city.yaml", "fallback: onthaal", "fallback: onthaal\npatience: {warn: §-1}", "`warn` is not a whole number from 0 to 250", ""),
        // categories.yaml
        ("categories.yaml", "department: publieke-ruimte", "department: §publieke-ruimt", "there is no department `publieke-ruimt`", "did you mean `publieke-ruimte`?"),
        ("categories.yaml", "questions: [gevaar, grootte]", "questions: [gevaar, grootte, §groote]", "there is no question `groote`", "did you mean `grootte`?"),
        ("categories.yaml", "questions: [gevaar, grootte]", "questions: [gevaar, grootte, §gevaar]", "asks `gevaar` twice", "keep one"),
        ("categories.yaml", "id: wegen/put", "id: §wegen.put", "`wegen.put` is not the id of a category", "`wegen/put`"),
        ("categories.yaml", "  - id: wegen/put", "  - {id: wegen/put, name: {nl: A}, department: onthaal}\n  - id: §wegen/put", "the category `wegen/put` is here twice, first in line 12", "another id"),
        ("categories.yaml", "  - id: wegen/put", "  - {id: §wegn/x, name: {nl: A}, department: onthaal}\n  - id: wegen/put", "there is no group `wegn`", "did you mean `wegen/x`?"),
        ("categories.yaml", "urgency: high", "urgency: §hihg", "an urgency cannot be `hihg`", "did you mean `high`?"),
        ("categories.yaml", "term: 5", "term: §5wd", "the term in working days is not a whole number from 1 to 1000", ""),
        ("categories.yaml", "term: 5", "term: §0", "the term in working days is not a whole number", ""),
        ("categories.yaml", "photos: \"no\"", "photos: §never", "`photos` cannot be `never`", "choose one of: ask, ok, no"),
        ("categories.yaml", "name: {nl: Put}", "name: §{en: Pothole}", "the category `wegen/put` has no Dutch text", "add `nl: …`"),
        ("categories.yaml", "answer: choice", "answer: §choise", "an answer cannot be `choise`", "did you mean `choice`?"),
        ("categories.yaml", "    options: [klein, {id: groot, nl: Heel groot}]\n", "", "the question `grootte` has nothing to choose from", "add `options:"),
        ("categories.yaml", "[klein, {id: groot, nl: Heel groot}]", "§[klein]", "fewer than two options", "answer: bool"),
        ("categories.yaml", "{id: groot, nl: Heel groot}", "klein2, §klein2", "the option `klein2` is here twice", ""),
        ("categories.yaml", "answer: bool, raises: true", "answer: text, raises: §true", "only a yes can", "remove `raises`"),
        ("categories.yaml", "  gevaar: {text", "  §ge_vaar: {text: {nl: A}, answer: bool}\n  gevaar: {text", "the id of a question `ge_vaar` is not a name", "`ge-vaar`"),
        ("categories.yaml", "words: {nl: [Brand]}", "words: §{fr: [feu]}", "no Dutch words", "add `nl:"),
        // areas
        ("areas/wijken.geojson", "{\"type\": \"Feature\", \"properties\": {\"id\": \"noord\", ", "§{\"type\": \"Feature\", \"properties\": {", "this area has no id", "\"id\": \"heule\""),
        ("areas/wijken.geojson", "\"id\": \"noord\"", "\"id\": §\"Noord\"", "the id \"Noord\" is not a name", "in quotes"),
        ("areas/wijken.geojson", "\"id\": \"zuid\"", "\"id\": §\"noord\"", "the area `noord` is here twice, first at areas/wijken.geojson:2", "MultiPolygon"),
        ("areas/wijken.geojson", "{\"nl\": \"Zuid\", \"fr\": \"Sud\"}", "§{\"fr\": \"Sud\"}", "no Dutch text", "add `\"nl\": …`"),
        ("areas/wijken.geojson", "[[[3.1, 50.1], [3.9, 50.1], [3.9, 50.4], [3.1, 50.1]]]", "[§[[3.1, 50.1], [3.9, 50.1], [3.9, 50.4], [3.1, 50.2]]]", "a ring that is not closed", "repeat the first point"),
        ("areas/wijken.geojson", "[[[3.1, 50.1], [3.9, 50.1], [3.9, 50.4], [3.1, 50.1]]]", "[§[[3.1, 50.1], [3.9, 50.1], [3.1, 50.1]]]", "a ring of 3 points", "at least four"),
        ("areas/wijken.geojson", "[[[3.1, 50.1], [3.9, 50.1], [3.9, 50.4], [3.1, 50.1]]]", "[§[[3.1, 50.1], [3.2, 50.1], [3.3, 50.1], [3.1, 50.1]]]", "without surface", ""),
        ("areas/wijken.geojson", "[3.9, 50.1]", "[§NaN, 50.1]", "this is not GeoJSON", ""),
        ("areas/wijken.geojson", "[3.9, 50.1]", "[71234, 168000]", "nowhere on Earth", "EPSG:4326"),
        ("areas/wijken.geojson", "[3.9, 50.1]", "[1, 2, 3, 4]", "a point of 4 numbers", "[longitude, latitude]"),
        ("areas/wijken.geojson", "\"Polygon\", \"coordinates\"", "\"Point\", \"coordinates\"", "is a Point, not a surface", "MultiPolygon"),
        ("city.yaml", "road: {file", "§roads: {file", "`owners` has no `roads`", "did you mean `road`?"),
        ("city.yaml", "owners/road.geojson", "§owners/raod.geojson", "no file `owners/raod.geojson`", "did you mean `owners/road.geojson`?"),
        ("city.yaml", "{file: owners/road.geojson, within: 15", "§{within: 15", "the owners of `road` lacks `file`", "add `file:"),
        ("city.yaml", "within: 15", "within: §0", "`within` is not a whole number from 1 to 1000", ""),
        ("city.yaml", "elsewhere: gemeente", "elsewhere: §De Gemeente", "is not a name", "de-gemeente"),
        ("owners/road.geojson", "{\"type\": \"Feature\", \"properties\": {\"owner\": \"gewest\", ", "§{\"type\": \"Feature\", \"properties\": {", "this feature has no owner", "\"owner\": \"gewest\""),
        ("owners/road.geojson", "\"owner\": \"gewest\"", "\"owner\": §\"Het Gewest\"", "the owner \"Het Gewest\" is not a name", "in quotes"),
        ("owners/road.geojson", "[[[3.1, 50.5], [3.2, 50.5]]]", "[§[[3.1, 50.5]]]", "a line of 1 points", "at least two"),
        ("city.yaml", "owners:\n", "kinds:\n  complaint: {handler: §onthal}\nowners:\n", "there is no department `onthal`", "onthaal"),
        ("city.yaml", "owners:\n", "kinds:\n  complaint: {acknowledge: §soon}\nowners:\n", "`acknowledge` is `soon`", "10wd"),
        ("city.yaml", "owners:\n", "kinds:\n  complaint: {public: §true}\nowners:\n", "a complaint is never public", "take"),
        ("city.yaml", "owners:\n", "kinds:\n  §moan: {silent: 3}\nowners:\n", "`kinds` has no `moan`", "report"),
        ("city.yaml", "owners:\n", "kinds:\n  complaint: {second_line: §{name: {nl: Ombud}}}\nowners:\n", "how to reach it", "web"),
        ("owners/road.geojson", "[3.1, 50.5]", "[50.5, 103.1]", "nowhere on Earth", "longitude comes first"),
        ("areas/city.geojson", "\"geometry\"", "\"geometri\"", "the outline of the city has no geometry", "add a Polygon"),
        ("areas/city.geojson", "FeatureCollection", "Feature", "not a FeatureCollection", "WGS 84"),
        ("theme.css", "color: #0b5a8a", "color: §#0b5a8", "`#0b5a8` is not a colour", "#rrggbb"),
        ("theme.css", ":root {", ":root {\n  background: §url( 'https://elsewhere.example/x.png');", "loads something from elsewhere", "data:"),
    ];
    let mut wrong = String::new();
    for (file, from, to, message, help) in table {
        let (faults, at, text) = changed(file, from, to);
        let errors = errors(&faults);
        let good = errors.len() == 1
            && errors[0].file == *file
            && errors[0].message.contains(message)
            && errors[0].help.contains(help)
            && !errors[0].help.is_empty()
            && (!to.contains('§') || (errors[0].line, errors[0].column) == at);
        if !good {
            wrong.push_str(&format!("\n{file} {to:?} at {at:?}: wanted {message:?}, {help:?}; told\n"));
            faults.iter().for_each(|fault| wrong.push_str(&fault.render(Some(&text))));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_odd_is_a_warning_and_the_city_runs() {
    #[rustfmt::skip]
    let table: &[(&str, &str, &str, &str)] = &[
        ("city.yaml", "\"07-21\"", "\"07-21\", §\"01-01\"", "01-01 is here twice"),
        ("categories.yaml", "groups:\n", "groups:\n  - {id: §water, icon: water, name: {nl: Water}}\n", "the group `water` has no category"),
        ("categories.yaml", "questions: [gevaar, grootte]", "questions: [gevaar]", "no category asks `grootte`"),
        ("areas/wijken.geojson", "[[[3.1, 50.1], [3.9, 50.1], [3.9, 50.4], [3.1, 50.1]]]", "[[[50.1, 3.1], [50.1, 3.9], [50.4, 3.9], [50.1, 3.1]]]", "the area `zuid` lies outside the city"),
        ("departments.yaml", "delivery: queue", "delivery: queue\n    on_call: {contacts: §[{who: Wacht, phone: \"112\", hours: outside-office}]}", "answers on Monday at 09:00"),
    ];
    for (file, from, to, message) in table {
        let (faults, at, _) = changed(file, from, to);
        assert!(errors(&faults).is_empty(), "{faults:#?}");
        if !message.is_empty() {
            assert!(faults.len() == 1 && faults[0].message.contains(message), "{message}: {faults:#?}");
            assert!(!to.contains('§') || (faults[0].line, faults[0].column) == at, "{faults:#?}");
        }
    }
    let mut files = village();
    files.insert("city.yaml".into(), CITY.replace("[nl]", "[nl, fr]").into());
    let (city, faults) = City::read(files);
    assert!(
        city.is_some() && faults.iter().any(|f| f.message == "the name of the city has no text in `fr`"),
        "{faults:#?}"
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let mut files = village();
    files.insert(
        "city.yaml".into(),
        CITY.replace("fallback: onthaal", "fallback: nergens").replace("[mon, tue]", "[maandag]").into(),
    );
    files.insert(
        "departments.yaml".into(),
        DEPARTMENTS.replace("kind: internal", "kind: inside").replace("delivery: queue", "delivery: [3]").into(),
    );
    let five = "questions: [a, b, c, d, e, f]";
    files.insert(
        "categories.yaml".into(),
        CATEGORIES.replace("questions: [gevaar, grootte]", five).replace("{nl: Put}", "Put").into(),
    );
    files.insert(
        "areas/wijken.geojson".into(),
        DISTRICTS.replace("\"id\": \"noord\", ", "").replace("[3.1, 50.1]]]", "[3, 50]]]").into(),
    );
    files.insert("theme.css".into(), "@import 'x';\n--city-x-color: blauw!;\n".into());
    let (city, faults) = City::read(files);
    assert!(city.is_none());
    let errors = errors(&faults);
    let per_file = |file: &str| errors.iter().filter(|fault| fault.file == file).count();
    // Six unknown questions, too many of them, and a name in one language.
    assert_eq!(
        [
            per_file("city.yaml"),
            per_file("departments.yaml"),
            per_file("categories.yaml"),
            per_file("areas/wijken.geojson"),
            per_file("theme.css")
        ],
        [2, 2, 8, 2, 2],
        "{errors:#?}"
    );
    assert!(errors.iter().any(|fault| fault.message == "the category `wegen/put` asks 6 questions"));
    // The department whose kind is wrong is still a department that may be referred to.
    assert!(!errors.iter().any(|fault| fault.message.contains("no department `onthaal`")), "{errors:#?}");
    assert!(faults.is_sorted_by_key(|fault| (&fault.file, fault.line, fault.column)));
}

#[test]
fn a_missing_file_is_named() {
    for (file, at) in [
        ("city.yaml", "city.yaml"),
        ("departments.yaml", "departments.yaml"),
        ("categories.yaml", "categories.yaml"),
        ("areas/wijken.geojson", "city.yaml"),
    ] {
        let mut files = village();
        let text = files.remove(file).unwrap();
        let (city, faults) = City::read(files.clone());
        assert!(city.is_none() && errors(&faults).len() == 1, "{faults:#?}");
        assert_eq!(
            (faults[0].file.as_str(), faults[0].message.clone()),
            (at, format!("the city folder has no file `{file}`"))
        );
        // The name may only be misspelt.
        let near = file.replace("yaml", "yml").replace("wijken", "wijk");
        files.insert(near.clone(), text);
        assert_eq!(City::read(files).1[0].help, format!("did you mean `{near}`?"));
    }
    let (city, faults) = City::read(Files::new());
    assert!(city.is_none() && faults.len() == 3, "{faults:#?}");
}

#[test]
fn hostile_files_end_in_faults() {
    let deep = "[".repeat(100_000);
    let wide = format!("departments: [{}]", "x, ".repeat(10_000));
    for text in [
        "",
        "~",
        "\u{feff}",
        "\0",
        "# only words",
        "[]",
        "a: &a [*a]",
        "%YAML 9.9\n---\n",
        "{",
        "? [a]\n: b",
        &deep,
        &wide,
        "- - - -\n\t- x",
    ] {
        for file in ["city.yaml", "departments.yaml", "categories.yaml", "areas/city.geojson", "areas/wijken.geojson"] {
            let mut files = village();
            files.insert(file.to_owned(), text.into());
            let (city, faults) = City::read(files.clone());
            assert!(city.is_none() && !errors(&faults).is_empty(), "{file}: {:?}", &text[..text.len().min(20)]);
            for fault in &faults {
                assert!(fault.render(files.get(&fault.file).map(AsRef::as_ref)).len() < 2_000);
            }
        }
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_read() {
    let files = village()
        .into_iter()
        .map(|(name, text)| (name, format!("\u{feff}{}", text.replace('\n', "\r\n")).into()))
        .collect();
    let (city, faults) = City::read(files);
    assert!(city.is_some(), "{faults:#?}");
}

proptest! {
    /// Whatever a slip of the hand makes of a file: faults, never a panic; and a city only without
    /// errors.
    #[test]
    fn a_slip_of_the_hand_never_panics(file in 0..7usize, at in 0..2_000usize, cut in 0..40usize, put in "[-\\[\\]{}:,\"'#&*!|>%@ \n\tA-z0-9é\0]{0,6}") {
        let mut files = village();
        let name = files.keys().nth(file).unwrap().clone();
        let text: Vec<char> = files[&name].chars().collect();
        let at = at % text.len();
        let until = (at + cut).min(text.len());
        let text: String = text[..at].iter().copied().chain(put.chars()).chain(text[until..].iter().copied()).collect();
        files.insert(name, text.into());
        let (city, faults) = City::read(files.clone());
        prop_assert_eq!(city.is_some(), errors(&faults).is_empty());
        for fault in faults {
            fault.render(files.get(&fault.file).map(AsRef::as_ref));
        }
    }
}

#[test]
fn the_sample_city_names_every_text_in_every_language() {
    let city = sample::city();
    for question in city.questions.values() {
        for option in &question.options {
            assert_eq!(question.option_names.get(option).map(|names| names.len()), Some(3), "{} {option}", question.id);
        }
    }
}
