//! Somebody of the city puts the category of a report right.

use crate::{
    Bed, both,
    house::{House, Told},
};
use schemas::{case::Status, reference::Reference};

both!(a_correction_is_made_once_and_decided_anew, a_closed_case_is_corrected_and_stays_closed, what_is_wrong_is_named);

async fn lead(house: &House, reference: Reference) -> (String, Status, i64) {
    let case = house.store.case(house.id(reference).await).await.unwrap().unwrap();
    (case.lead.map(|lead| lead.to_string()).unwrap_or_default(), case.status, case.version)
}

async fn a_correction_is_made_once_and_decided_anew(bed: Bed) {
    let house = House::open(&bed).await;
    house.activate(&bed).await;
    let reference = house.report(Told::about("straat/put")).await;
    assert_eq!(lead(&house, reference).await.0, "wegen");
    // As it is spoken, with a dash: 1234-5670.
    let dashed = reference.to_string().replace(' ', "-");
    bed.run(&["cases", "recategorise", &dashed, "straat/boom", "--by", "An Peeters"]).says(&[
        &format!("{reference} is about straat/boom now (Tree), no longer straat/put"),
        "The rules decide it anew",
        &format!("rules explain {reference}"),
    ]);
    house.catch_up();
    house.decide().await;
    let decided = lead(&house, reference).await;
    assert_eq!(decided.0, "groen");
    bed.run(&["rules", "explain", &reference.digits()]).says(&["Green (groen)", "by rule   trees"]);

    let again = ["cases", "recategorise", &reference.digits(), "straat/boom", "--by", "Bo"];
    bed.run(&again).says(&["is about straat/boom already: nothing changed"]);
    house.decide().await;
    assert_eq!(lead(&house, reference).await, decided);
}

async fn a_closed_case_is_corrected_and_stays_closed(bed: Bed) {
    let house = House::open(&bed).await;
    let reference = house.report(Told::about("straat/put")).await;
    house.solve(&[reference], "wegen").await;
    let words = ["cases", "recategorise", &reference.digits(), "straat/boom", "--by", "An"];
    bed.run(&words).says(&["no longer straat/put", "It is closed: nobody is asked anything."]);
    house.catch_up();
    house.decide().await;
    let (lead, status, _) = lead(&house, reference).await;
    assert_eq!((lead.as_str(), status), ("wegen", Status::Solved));
    let lessons = house.store.lessons(None, 10).await.unwrap();
    assert_eq!(lessons.iter().map(|lesson| lesson.category.as_str()).collect::<Vec<_>>(), ["straat/boom"]);
}

async fn what_is_wrong_is_named(bed: Bed) {
    let correct = |reference: &str, category: &str, by: &str| {
        bed.run(&["cases", "recategorise", reference, category, "--by", by])
    };
    // Nobody made the database yet.
    let some = Reference::from_number(7).digits();
    correct(&some, "straat/boom", "An").fails(1, &["voordeur migrate"]);

    let house = House::open(&bed).await;
    let reference = house.take_in(Told::about("straat/put")).await;
    let digits = reference.digits();
    correct(&digits, "straat/boom", "An").fails(1, &["is not decided yet", "try again in a moment"]);
    house.decide().await;
    let before = lead(&house, reference).await;

    let nobody = (0..).map(Reference::from_number).find(|other| *other != reference).unwrap();
    correct(&nobody.digits(), "straat/boom", "An").fails(1, &["there is no report", "[database] url"]);
    let (start, last) = digits.split_at(7);
    let mistyped = format!("{start}{}", if last == "0" { "1" } else { "0" });
    for wrong in ["1234", "een-twee", &mistyped] {
        correct(wrong, "straat/boom", "An").fails(2, &[wrong, "is not a reference", "1234-5670"]);
    }
    for (wrong, cure) in [
        ("straat/bom", "did you mean `straat/boom`?"),
        ("Straat boom", "did you mean `straat/boom`?"),
        ("zwembad", "choose one of: straat/put, straat/boom"),
        ("", "choose one of"),
    ] {
        correct(&digits, wrong, "An").fails(2, &[&format!("there is no category `{wrong}`"), cure]);
    }
    correct(&digits, "straat/boom", " ").fails(2, &["--by does not say who"]);
    correct(&digits, "straat/boom", &"x".repeat(101)).fails(2, &["at most 100 characters"]);
    bed.run(&["cases", "recategorise", &digits, "straat/boom"]).fails(2, &["--by <NAME>"]);
    bed.run(&["cases", "recategorise", &digits, "straat/boom", "--by", "An", "--city", "/nowhere"]).ends(2);
    assert_eq!(lead(&house, reference).await, before, "nothing was changed");
}
