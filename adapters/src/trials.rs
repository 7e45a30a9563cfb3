//! Test cases for one department, to try the walk to its system and back without a resident: marked as
//! a test in words that nobody can miss, told to nobody, and closed afterwards.

use crate::cases::Opened;
use schemas::{
    Uuid,
    case::{Case, Role, Status},
    city::{City, Delivery, Department},
    dispatch::Dispatch,
    event::What,
    id::derived,
    letter::{Lane, Letter, Topic},
    place::Place,
    report::{Kind, Language, Report, TRIAL_CHANNEL, Tell, Urgency},
    slug::{CategoryId, Slug},
    submission::MAX_WORDS,
    trace::Trace,
};
use store::{DispatchRow, NewReport, Settlement, Store};

/// What every test case says, in every language of the house.
pub const MARK: &str = "TEST - NIET UITVOEREN. ESSAI - NE PAS TRAITER. TEST - DO NOT ACT ON THIS. Dit is een proefmelding \
    van de stad om de koppeling te testen. Ceci est un essai de la ville pour tester la connexion. This is a trial \
    by the city to test the connection.";

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// An ordinary case.
    Plain,
    /// A field that no department knows yet.
    UnknownField,
    /// As many words as fit, in many scripts.
    BigWords,
    /// A photo, which this department fetches with its token.
    Photo(Uuid),
    /// A case that is written but not sent: for calls that must be refused.
    Unsent,
}

/// A test case that was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The dispatch, as the department gets it.
    pub dispatch: Dispatch,
    /// The letter that carries it, unless it is not sent.
    pub letter: Option<Letter>,
}

/// Writes test cases for `department`, in one transaction.
///
/// # Errors
/// When the rows cannot be reached; then nothing was written.
pub async fn write(
    store: &Store,
    city: &City,
    department: &Department,
    trials: &[Trial],
) -> Result<Vec<Written>, store::Error> {
    let now = store.clock().now();
    let mut tx = store.begin().await?;
    let references = tx.references(trials.len()).await?;
    let (mut reports, mut cases, mut rows, mut written) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (trial, reference) in trials.iter().zip(references) {
        let report = report(store, city, department, *trial, reference);
        let case = Case {
            id: report.id,
            reference,
            status: Status::Routed,
            version: 1,
            lead: Some(department.id.clone()),
            decision: None,
            rejected_by: Vec::new(),
            planned_on: None,
            status_at: now,
            opened_at: now,
            closed_at: None,
            tell: Tell::Nothing,
            parts: Vec::new(),
            watch: Default::default(),
            check_at: None,
        };
        let dispatch = dispatch(&report, department, &case);
        rows.push(DispatchRow::posted(dispatch.id, report.id, department.id.clone(), Role::Lead, now));
        let letter = (*trial != Trial::Unsent).then(|| letter(&dispatch, department, *trial, now));
        written.push(Written { dispatch, letter });
        let digest = crate::intake::hex(report.id.as_bytes());
        reports.push(NewReport {
            report,
            contact: None,
            digest,
            route: false,
            trace: Trace::start(),
            noticed: Default::default(),
        });
        cases.push(case);
    }
    tx.accept(&reports).await?;
    tx.open_cases(&cases).await?;
    tx.add_dispatches(&rows).await?;
    let letters: Vec<Letter> = written.iter().filter_map(|one| one.letter.clone()).collect();
    if !letters.is_empty() {
        tx.post(&letters).await?;
    }
    tx.commit().await?;
    Ok(written)
}

/// Sends the same dispatch once more, in a letter of its own, as a retry does whose first try may have
/// arrived. Doing it twice does it once.
///
/// # Errors
/// When the rows cannot be reached.
pub async fn send_again(store: &Store, department: &Department, dispatch: &Dispatch) -> Result<Letter, store::Error> {
    let mut letter = letter(dispatch, department, Trial::Plain, store.clock().now());
    letter.id = derived(&["trial", "again", &dispatch.id.to_string()]);
    let mut tx = store.begin().await?;
    tx.post(std::slice::from_ref(&letter)).await?;
    tx.commit().await?;
    Ok(letter)
}

/// Ends test cases: what was not handed over is taken back, what is open is closed with the reason.
///
/// # Errors
/// When the rows cannot be reached; then they stay open.
pub async fn close(store: &Store, written: &[Written], again: &[Letter]) -> Result<(), store::Error> {
    let now = store.clock().now();
    let mut tx = store.begin().await?;
    let done = written.iter().filter_map(|one| one.letter.as_ref()).chain(again).map(|letter| letter.id).collect();
    tx.settle(&Settlement { done, ..Settlement::default() }).await?;
    let mut opened = Opened::lock(&mut tx, written.iter().map(|one| one.dispatch.case_id)).await?;
    for Written { dispatch, .. } in written {
        let Some(case) = opened.case(dispatch.case_id) else { continue };
        if case.status.is_closed() {
            continue;
        }
        case.status = Status::Declined;
        case.status_at = now;
        case.closed_at = Some(now);
        case.check_at = None;
        let reason = "This was a test of the connection; it is closed.".to_owned();
        let what = What::Declined { department: dispatch.department.clone(), reason };
        let event = derived(&["event", "trial", &dispatch.case_id.to_string(), "closed"]);
        opened.happened(dispatch.case_id, event, what, now, Trace::start());
    }
    opened.save(&mut tx).await?;
    tx.commit().await
}

fn report(
    store: &Store,
    city: &City,
    department: &Department,
    trial: Trial,
    reference: schemas::reference::Reference,
) -> Report {
    let own = city.categories.iter().find(|category| category.department == department.id);
    let category = own.or(city.categories.first()).map(|category| category.id.clone());
    Report {
        id: store.ids().new_id(),
        reference,
        channel: Slug::new(TRIAL_CHANNEL).expect("the name of the channel is a slug"),
        source_id: None,
        kind: Kind::Report,
        category: category.unwrap_or_else(|| CategoryId::new("test/test").expect("a group and a name are a category")),
        words: words(trial),
        place: Place { address: Some("Proefstraat 1 / Rue de l'Essai 1".to_owned()), ..Place::default() },
        answers: Default::default(),
        urgency: Urgency::Normal,
        language: Language::NL,
        tell: Tell::Nothing,
        photos: if let Trial::Photo(photo) = trial { vec![photo] } else { Vec::new() },
        token: store.ids().token(),
        received_at: store.clock().now(),
    }
}

/// The mark, and for [`Trial::BigWords`] as much of everything as fits.
fn words(trial: Trial) -> String {
    if trial != Trial::BigWords {
        return MARK.to_owned();
    }
    const SCRIPTS: &str = " \u{1f573}\u{fe0f} \u{1f469}\u{200d}\u{1f527} caf\u{e9} cafe\u{301} \u{5d7}\u{5d5}\u{5e8} \
        \u{62d}\u{641}\u{631}\u{629} \u{6f0f}\u{6c34} \u{43f}\u{440}\u{43e}\u{432}\u{430}\u{43b} <b>\"quoted\"</b> \
        & 'so' \\n {{x}} ; DROP TABLE case; --";
    let mut text = MARK.to_owned();
    text.extend(SCRIPTS.chars().cycle().take(MAX_WORDS.saturating_sub(MARK.chars().count())));
    schemas::text::clean(&text)
}

fn dispatch(report: &Report, department: &Department, case: &Case) -> Dispatch {
    let id = &department.id;
    Dispatch {
        id: derived(&["dispatch", &report.id.to_string(), id, "trial"]),
        case_id: report.id,
        reference: report.reference,
        department: id.clone(),
        role: Role::Lead,
        kind: report.kind,
        category: report.category.clone(),
        words: report.words.clone(),
        place: report.place.clone(),
        answers: report.answers.clone(),
        photos: report.photos.iter().map(|photo| format!("/api/v1/departments/{id}/photos/{photo}")).collect(),
        contact: None,
        language: report.language,
        channel: report.channel.clone(),
        priority: report.urgency,
        due_on: None,
        rule: TRIAL_CHANNEL.to_owned(),
        version: case.version,
        again: None,
        received_at: report.received_at,
    }
}

fn letter(dispatch: &Dispatch, department: &Department, trial: Trial, now: schemas::Timestamp) -> Letter {
    let lane = match department.delivery {
        Delivery::Queue => Lane::queue(&department.id),
        Delivery::Push { .. } => Lane::department(&department.id),
    };
    let kind = dispatch.kind.as_str();
    let (topic, trace) = (Topic::DepartmentDispatch, Trace::start());
    let letter = match trial {
        Trial::UnknownField => {
            let mut body = serde_json::to_value(dispatch).unwrap_or_default();
            body["a_field_of_tomorrow"] = serde_json::json!({ "why": "fields are added; ignore what you do not know" });
            Letter::new(dispatch.id, lane, topic, kind, &body, trace, now)
        }
        _ => Letter::new(dispatch.id, lane, topic, kind, dispatch, trace, now),
    };
    letter.about(dispatch.case_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Desk, timeline, waiting};

    async fn test_cases_are_written_once_and_closed((_hands, _bed, tools): Desk) {
        let city = testing::city();
        let department = city.department(testing::PUSHED).unwrap();
        let trials = [Trial::Plain, Trial::UnknownField, Trial::BigWords, Trial::Unsent];
        let written = write(&tools.store, &city, department, &trials).await.unwrap();
        let again = send_again(&tools.store, department, &written[0].dispatch).await.unwrap();
        assert_eq!(send_again(&tools.store, department, &written[0].dispatch).await.unwrap().id, again.id);
        let lane = Lane::department(&department.id);
        let letters = waiting(&tools.store, &lane).await;
        assert_eq!(letters.len(), 4, "three are sent, and one of them once more");
        assert!(letters.iter().all(|letter| letter.read::<Dispatch>().unwrap().words.starts_with("TEST")));
        assert!(waiting(&tools.store, &Lane::router()).await.is_empty(), "no rule has a say in it");

        close(&tools.store, &written, &[again]).await.unwrap();
        close(&tools.store, &written, &[]).await.unwrap();
        assert_eq!(tools.store.lanes().await.unwrap().iter().filter(|state| state.lane == lane).count(), 0);
        for one in &written {
            let case = tools.store.case(one.dispatch.case_id).await.unwrap().unwrap();
            assert_eq!(case.status, Status::Declined);
            assert_eq!(timeline(&tools.store, case.id).await, "received declined");
        }
    }

    testing::both! { test_cases_are_written_once_and_closed }

    #[test]
    fn big_words_fit_and_are_marked() {
        let words = words(Trial::BigWords);
        assert!(words.starts_with("TEST") && words.chars().count() > MAX_WORDS - 300, "{}", words.chars().count());
        assert!(schemas::text::length(&words) <= MAX_WORDS);
    }
}
