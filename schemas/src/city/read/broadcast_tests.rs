use crate::{
    broadcast::Draft,
    city::{City, Files, sample},
    report::Language,
    way::Way,
};

const SQUARE: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":
    {"type":"Polygon","coordinates":[[[3.2,50.8],[3.3,50.8],[3.3,50.9],[3.2,50.9],[3.2,50.8]]]}}]}"#;
const GOOD: &str = "subject: {nl: Geen water}\ntext: {nl: Wij werken.}\naudience: {topics: [wegen]}\n";

fn read(city: &City, text: &str) -> (Option<Draft>, Vec<String>) {
    let open = |name: &str| (name == "here.geojson").then(|| SQUARE.to_owned());
    let (draft, faults) = city.read_draft("message.yaml", text, &open);
    let errors = faults.iter().filter(|fault| fault.severity == crate::fault::Severity::Error);
    (draft, errors.map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.message)).collect())
}

#[test]
fn a_draft_is_read_with_everything_that_may_be_there() {
    let city = sample::city();
    let district = city.areas.all()[0].id.to_string();
    let text = format!(
        "subject:\n  nl: \"Geen water  op dinsdag\"\n  fr: Pas d'eau mardi\ntext:\n  nl: |\n    Eén.\n\n    Twee.\n  fr: Un.\n\
         short: {{nl: Geen water}}\ncritical: true\nat: 2026-12-01 09:00\naudience:\n  districts: [{district}]\n  streets: [Sint-Jansstraat]\n  \
         polygon: here.geojson\n  topics: [wegen]\n  languages: [nl, fr]\n  ways: [email, sms]\n"
    );
    let (draft, errors) = read(&city, &text);
    assert_eq!(errors, Vec::<String>::new());
    let draft = draft.unwrap();
    assert!(draft.critical);
    assert_eq!(draft.at, "2026-12-01T08:00:00Z".parse().ok());
    let nl = &draft.words[&Language::NL];
    assert_eq!((nl.subject.as_str(), nl.text.as_str()), ("Geen water op dinsdag", "Eén.\n\nTwee."));
    assert_eq!((nl.short.as_deref(), &draft.words[&Language::FR].short), (Some("Geen water"), &None));
    assert_eq!(draft.audience.districts[0].as_str(), district);
    assert_eq!(draft.audience.drawn[0][0].len(), 5);
    assert_eq!(
        (&draft.audience.languages[..], &draft.audience.ways[..]),
        (&[Language::NL, Language::FR][..], &[Way::Email, Way::Sms][..])
    );
    let words = |language| draft.words(language, &city.languages).0;
    assert_eq!(
        (words(Language::FR), words(Language::EN)),
        (Language::FR, Language::NL),
        "what there is not falls back"
    );
}

#[test]
fn the_example_of_the_documents_is_right() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/install/broadcast.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut examples = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (draft, errors) = read(&sample::city(), examples.next().unwrap());
    assert_eq!((draft.map(|draft| draft.words.len()), errors), (Some(3), Vec::new()));
    let mut files: Files = sample::files();
    files.insert("segments.yaml".to_owned(), examples.next().unwrap().into());
    let (city, faults) = City::read(files);
    assert_eq!((city.unwrap().segments.len(), faults), (1, Vec::new()));
    assert_eq!(examples.next(), None);
}

#[test]
fn every_fault_of_a_draft_has_its_place() {
    let city = sample::city();
    let long = "x".repeat(121);
    for (text, told) in [
        ("- x".to_owned(), "1:1 the message is a list, not a map"),
        (GOOD.replace("subject", "subjet"), "1:1 the message has no `subjet`"),
        (GOOD.replace("text: {nl: Wij werken.}", ""), "1:1 the message lacks `text`"),
        (GOOD.replace("Geen water", &long), "1:15 the subject has 121 characters"),
        (GOOD.replace("Geen water", "\"\u{202e}\""), "1:15 the subject holds nothing that can be read"),
        (GOOD.replace("{nl: Geen water}", "{nl: Geen water, fr: Pas d'eau}"), "1:1 the message in `fr` is not whole"),
        (GOOD.replace("topics: [wegen]", ""), "3:11 the audience is nobody"),
        (GOOD.replace("topics: [wegen]", "topics: [wegn]"), "3:21 there is no topic `wegn`"),
        (GOOD.replace("topics: [wegen]", "districts: [nowhere]"), "3:24 there is no district `nowhere`"),
        (GOOD.replace("topics: [wegen]", "streets: [\"12\", \"!\"]"), "3:28 this is no name of a street"),
        (GOOD.replace("topics: [wegen]", "polygon: away.geojson"), "3:21 there is no file `away.geojson`"),
        (GOOD.replace("topics: [wegen]", "segment: nobody"), "3:21 there is no segment `nobody`"),
        (GOOD.replace("]}", "], ways: [pigeon]}"), "3:36 a way cannot be `pigeon`"),
        (format!("{GOOD}at: morgen\n"), "4:5 `morgen` is no day and time"),
        (format!("{GOOD}at: \"2026-12-01\"\n"), "4:5 `2026-12-01` is no day and time"),
        (format!("{GOOD}critical: maybe\n"), "4:11 `critical` is neither true nor false"),
    ] {
        let (draft, errors) = read(&city, &text);
        assert!(draft.is_none() && errors.iter().any(|error| error == told), "{text}\n{errors:?}");
    }
    assert!(read(&city, GOOD).0.is_some());
}

#[test]
fn segments_of_the_city_are_audiences_with_a_name() {
    let with = |text: &str| {
        let mut files: Files = sample::files();
        files.insert("segments.yaml".to_owned(), text.into());
        City::read(files)
    };
    let (city, faults) = with("markt:\n  streets: [Grote Markt, Rijselsestraat]\n");
    assert!(faults.iter().all(|fault| fault.file != "segments.yaml"), "{faults:?}");
    let (draft, errors) = read(&city.unwrap(), &GOOD.replace("topics: [wegen]", "segment: markt, ways: [sms]"));
    let audience = draft.unwrap_or_else(|| panic!("{errors:?}")).audience;
    assert_eq!(
        (audience.streets.len(), audience.ways, audience.segment.unwrap().as_str()),
        (2, vec![Way::Sms], "markt")
    );
    let (city, faults) = with("Markt!: {streets: [x]}\nmarkt: {topics: [nothing]}\nmore: {segment: markt}\n");
    assert!(city.is_none());
    let said: Vec<_> =
        faults.iter().filter(|f| f.file == "segments.yaml").map(|f| (f.line, f.message.as_str())).collect();
    for expected in [
        (1, "the segment `Markt!` is not a name"),
        (2, "there is no topic `nothing`"),
        (3, "the audience has no `segment`"),
    ] {
        assert!(said.contains(&expected), "{said:?}");
    }
}
