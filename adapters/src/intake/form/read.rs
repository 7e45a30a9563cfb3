//! The fields of a form as a submission.

use super::{FormData, field};
use crate::intake::photo_place;
use schemas::{
    fault::Invalid,
    place::{GivenPlace, Point},
    report::{Contact, Kind, Language, Tell},
    submission::Submission,
    way::Post,
};
use serde_json::Value;

/// The fields as a submission, and what could not even be read.
pub(crate) fn read(form: &FormData) -> (Submission, Vec<Invalid>) {
    let mut faults = Vec::new();
    let mut choice = |name: &str, known: bool| {
        if !known && form.filled(name).is_some() {
            faults.push(Invalid::new(name, "not_an_option", "choose one of the options"));
        }
    };
    let kind = form.filled(field::KIND).and_then(|v| Kind::parse(&v));
    choice(field::KIND, kind.is_some());
    let language = form.filled(field::LANGUAGE).and_then(|v| Language::parse(&v));
    choice(field::LANGUAGE, language.is_some());
    // A device says so itself, on the page of the report.
    let tell = form.filled(field::TELL).and_then(|v| Tell::parse(&v)).filter(|tell| *tell != Tell::Push);
    choice(field::TELL, tell.is_some());
    let category = form.filled(field::CATEGORY).unwrap_or_default();
    if category.is_empty() {
        faults.push(Invalid::new(field::CATEGORY, "required", "choose what it is about"));
    }
    let (lat, lon) = (degrees(form, field::LAT, &mut faults), degrees(form, field::LON, &mut faults));
    let point = match (lat, lon) {
        (Some(lat), Some(lon)) => Some(Point { lat, lon }),
        (None, None) => photo_place::confirmed(form),
        (lat, _) => {
            let missing = if lat.is_some() { field::LON } else { field::LAT };
            if faults.iter().all(|f| f.field != missing) {
                faults.push(Invalid::new(missing, "required", "give both numbers, or neither"));
            }
            None
        }
    };
    let line = |name| form.filled(name).unwrap_or_default();
    let post =
        Post { street: line(field::STREET), postcode: line(field::POSTCODE), town: line(field::TOWN), country: None };
    let contact = Contact {
        name: form.filled(field::NAME),
        email: form.filled(field::EMAIL),
        phone: form.filled(field::PHONE),
        post: Some(post).filter(|post| *post != Post::default()),
    };
    let submission = Submission {
        kind,
        category,
        words: form.get(field::WORDS).unwrap_or_default().to_owned(),
        place: Some(GivenPlace { address: form.filled(field::ADDRESS), point, ..GivenPlace::default() }),
        answers: answers(form),
        contact: (!contact.is_empty()).then_some(contact),
        language,
        tell,
        photos: Vec::new(),
    };
    (submission, faults)
}

/// A number of degrees; people write a comma as readily as a point.
fn degrees(form: &FormData, name: &str, faults: &mut Vec<Invalid>) -> Option<f64> {
    let text = form.filled(name)?;
    let number = text.replace(',', ".").parse::<f64>().ok().filter(|n| n.is_finite());
    if number.is_none() {
        faults.push(Invalid::new(name, "not_a_number", "write degrees, for instance 50.8279"));
    }
    number
}

/// Answers as JSON would have them: `true`/`false`, one text, or a list where a question was
/// answered several times or its name ends in `[]`.
fn answers(form: &FormData) -> schemas::report::Answers {
    let mut answers = schemas::report::Answers::new();
    for (name, value) in &form.fields {
        let (Some(id), value) = (name.strip_prefix(field::ANSWER), value.trim()) else { continue };
        if value.is_empty() {
            continue;
        }
        let (id, many) = id.strip_suffix("[]").map_or((id, false), |id| (id, true));
        let value = match value {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => Value::String(text.to_owned()),
        };
        match answers.get_mut(id) {
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
            None => {
                answers.insert(id.to_owned(), if many { Value::Array(vec![value]) } else { value });
            }
        }
    }
    answers
}

/// A fault of the submission under the name of the form's field.
pub(crate) fn rename(mut fault: Invalid) -> Invalid {
    let pointer = fault.field.as_str();
    fault.field = match pointer {
        "/place/point/lat" | "/place/point" => field::LAT.to_owned(),
        "/place/point/lon" => field::LON.to_owned(),
        "/place/address" | "/place/asset" | "/place" => field::ADDRESS.to_owned(),
        "/contact/post" => field::STREET.to_owned(),
        _ if pointer.starts_with("/photos") => field::PHOTOS.to_owned(),
        _ => match pointer.strip_prefix("/answers/") {
            Some(id) => format!("{}{}", field::ANSWER, id.replace("~1", "/").replace("~0", "~")),
            None => pointer.rsplit('/').next().unwrap_or(pointer).to_owned(),
        },
    };
    fault
}
