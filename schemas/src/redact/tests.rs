use super::*;
use proptest::prelude::*;

fn found(text: &str) -> Vec<(&'static str, &str)> {
    find(text, "BE").iter().map(|one| (one.kind.as_str(), &text[one.from..one.until])).collect()
}

#[test]
fn personal_data_is_found() {
    for (text, expected) in [
        ("Bel mij op 0470 12 34 56 aub", vec![("phone", "0470 12 34 56")]),
        ("Tel. +32 (0)470/12.34.56.", vec![("phone", "+32 (0)470/12.34.56")]),
        ("0032 470 12 34 56, dank", vec![("phone", "0032 470 12 34 56")]),
        ("(056) 27 77 77", vec![("phone", "(056) 27 77 77")]),
        ("mijn buur: 06 12345678", vec![("phone", "06 12345678")]),
        ("01 70 18 99 00 à Paris", vec![("phone", "01 70 18 99 00")]),
        ("0470123456 of 0471 22 33 44", vec![("phone", "0470123456"), ("phone", "0471 22 33 44")]),
        ("0470\u{a0}12\u{a0}34\u{a0}56", vec![("phone", "0470\u{a0}12\u{a0}34\u{a0}56")]),
        ("Mail an.peeters+put@voorbeeld.be.", vec![("email", "an.peeters+put@voorbeeld.be")]),
        ("<jan@école.example>", vec![("email", "jan@école.example")]),
        ("rijksregister 85.07.30-033.28", vec![("national_number", "85.07.30-033.28")]),
        ("85073003328", vec![("national_number", "85073003328")]),
        ("85 07 30 033 28", vec![("national_number", "85 07 30 033 28")]),
        // Born in 2001: the 2 before counts.
        ("01.02.03-001.70", vec![("national_number", "01.02.03-001.70")]),
        ("op BE71 0961 2345 6769 graag", vec![("iban", "BE71 0961 2345 6769")]),
        ("BE71096123456769", vec![("iban", "BE71096123456769")]),
        ("be71 0961 2345 6769", vec![("iban", "be71 0961 2345 6769")]),
        ("NL91 ABNA 0417 1643 00", vec![("iban", "NL91 ABNA 0417 1643 00")]),
        ("FR14 2004 1010 0505 0001 3M02 606", vec![("iban", "FR14 2004 1010 0505 0001 3M02 606")]),
        ("de wagen 1-ABC-234 staat", vec![("plate", "1-ABC-234")]),
        ("nummerplaat 1ABC234", vec![("plate", "1ABC234")]),
        ("nummerplaat: 1 abc 234", vec![("plate", "1 abc 234")]),
        ("Une voiture AB-123-CD bleue", vec![("plate", "AB-123-CD")]),
        ("plaque ABC-123", vec![("plate", "ABC-123")]),
        ("kenteken 12-GBB-3", vec![("plate", "12-GBB-3")]),
        ("Kennzeichen K-AB 1234", vec![("plate", "K-AB 1234")]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_it_is_left() {
    for text in [
        // References of ours.
        "Zie melding 1234-5670",
        "Melding 0123-4567 en 01234567",
        // Dates and times.
        "op 01/12/2026 9u",
        "sinds 28-11-2026 14:30",
        "2026-11-30T09:12:00Z",
        "01.12.2026 09.30",
        // Amounts and measures.
        "€ 1.250,00",
        "0,50 euro",
        "12 x 100 cm",
        "50.8279, 3.2649",
        "0.123456789",
        // Numbers of things.
        "lantaarnpaal 04512345",
        "paal LP-0123",
        "lamp 12-A",
        "asset BE-99-1",
        "E17 en N8",
        "R8 afrit 2",
        // Streets and numbers of houses.
        "Doorniksewijk 123-127 bus 4",
        "Meensesteenweg 12 A 3",
        "Rue de l'A-12-B",
        "Sint-Jan 1-3-5",
        "huisnummer 1-ABC",
        "N-VA 2024",
        "F-16 1999",
        "COVID-19 2020",
        // Check digits that are wrong.
        "85.07.30-033.29",
        "BE71 0961 2345 6768",
        "XX71 0961 2345 6769",
        // Nearly addresses.
        "@home",
        "a@b",
        "user@localhost",
        "10 @ 5 euro",
        "twitter @stadkortrijk",
        // A product number with more before or behind it.
        "AA-123-BB-77",
        "art. 9-1-ABC-234",
        "",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn what_overlaps_is_one() {
    let all = merged(vec![
        Found { from: 4, until: 9, kind: Kind::Plate },
        Found { from: 0, until: 5, kind: Kind::Phone },
        Found { from: 9, until: 12, kind: Kind::Email },
    ]);
    assert_eq!(all, [Found { from: 0, until: 9, kind: Kind::Phone }, Found { from: 9, until: 12, kind: Kind::Email }]);
}

#[test]
fn masks_stand_in_place() {
    let text = "Bel 0470 12 34 56 of mail an@voorbeeld.be!";
    assert_eq!(mask(text, &find(text, "BE")), "Bel […] of mail […]!");
    // Spans of another text harm nobody.
    assert_eq!(mask("é", &[Found { from: 1, until: 9, kind: Kind::Phone }]), "é");
}

#[test]
fn long_texts_of_nothing_but_digits_end_soon() {
    for text in ["0 ".repeat(2_500), "047".repeat(1_600), "0470 ".repeat(1_000), "A-1".repeat(1_600)] {
        let found = find(&text, "BE");
        assert!(found.iter().all(|one| text.get(one.from..one.until).is_some()));
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,6}",
        "\\PC{0,4}",
        Just("0470 12 34 56".to_owned()),
        Just("BE71 0961 2345 6769".to_owned()),
        Just("85.07.30-033.28".to_owned()),
        Just("1-ABC-234".to_owned()),
        Just("nummerplaat ".to_owned()),
        Just("an@voorbeeld.be".to_owned()),
        "[0-9 ./+()-]{0,14}",
        "[A-Z0-9-]{0,9}",
        Just("é".to_owned()),
        Just("[…]".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_text_is_gone_through_and_masked_once(pieces in prop::collection::vec(piece(), 0..8)) {
        let text = pieces.concat();
        let found = find(&text, "BE");
        for one in &found {
            prop_assert!(one.from < one.until && text.is_char_boundary(one.from) && text.is_char_boundary(one.until));
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].until <= pair[1].from));
        let masked = mask(&text, &found);
        prop_assert_eq!(find(&masked, "BE"), [], "{} / {}", text, masked);
    }
}
