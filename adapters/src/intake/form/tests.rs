//! What a browser sends, and what becomes of it.

use super::*;

fn form(fields: &[(&str, &str)]) -> FormData {
    FormData { fields: fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(), files: Vec::new() }
}

#[test]
fn fields_become_a_submission() {
    let (read, faults) = read(&form(&[
        ("kind", ""),
        ("category", "wegen/put"),
        ("words", "een put"),
        ("lat", "50,8279"),
        ("lon", " 3.2649 "),
        ("email", " an@example.org "),
        ("language", "fr"),
        ("tell", "email"),
        ("answer.diep", "true"),
        ("answer.soort[]", "steen"),
        ("answer.welke", "a"),
        ("answer.welke", "b"),
        ("answer.leeg", ""),
    ]));
    assert_eq!(faults, []);
    assert_eq!(read.kind, None);
    assert_eq!(read.place.unwrap().point, Some(Point { lat: 50.8279, lon: 3.2649 }));
    assert_eq!(read.contact.unwrap().email.as_deref(), Some("an@example.org"));
    assert_eq!(
        serde_json::to_value(read.answers).unwrap(),
        serde_json::json!({"diep": true, "soort": ["steen"], "welke": ["a", "b"]})
    );
}

#[test]
fn faults_carry_the_forms_own_names() {
    let (_, faults) = read(&form(&[("kind", "x"), ("lat", "NaN"), ("lon", "3"), ("tell", "pigeon")]));
    let codes: Vec<_> = faults.iter().map(|f| (f.field.as_str(), f.code.as_str())).collect();
    assert_eq!(
        codes,
        [("kind", "not_an_option"), ("tell", "not_an_option"), ("category", "required"), ("lat", "not_a_number")]
    );
    for (pointer, name) in [
        ("/words", "words"),
        ("/contact/email", "email"),
        ("/place/point", "lat"),
        ("/photos/2", "photos"),
        ("/answers/a~1b", "answer.a/b"),
    ] {
        assert_eq!(rename(Invalid::new(pointer, "x", "y")).field, name);
    }
}
