//! Cases of the sample city, decided by its rules and at every status, all over the city and the months.

use crate::city::Town;
use anyhow::Context as _;
use router::{Facts, decide};
use schemas::{
    Uuid,
    case::{Case, Role, Status, Watch},
    event::{CaseEvent, What},
    id::{Clock, Ids, derived, from_micros},
    place::{Place, Point},
    reference::Reference,
    report::{Answers, Language, Report, Tell, Urgency},
    slug::Channel,
    trace::Trace,
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use store::{DispatchRow, NewReport, Options, Store};

const BATCH: usize = 256;
/// From one report to the next, in microseconds: 100,000 of them are a year.
const APART: i64 = 315_000_000;
/// How many are asked for again and again: more than are asked.
const KNOWN: usize = 4_096;

/// What is known of some of the cases, spread over all of them.
pub(super) struct Filled {
    known: Vec<(String, Reference, Point)>,
}

impl Filled {
    fn one(&self, n: usize) -> &(String, Reference, Point) {
        // Far apart, one after the other, so that nothing is just there.
        &self.known[(n * 1_031) % self.known.len()]
    }

    /// The secret part of the link of a case.
    pub(super) fn token(&self, n: usize) -> &str {
        &self.one(n).0
    }

    /// Its number.
    pub(super) fn digits(&self, n: usize) -> String {
        self.one(n).1.digits()
    }

    /// The address of the tile of the map that it lies on, at this zoom: squares of the web's map projection (EPSG:3857),
    /// counted from the north-west.
    pub(super) fn tile(&self, n: usize, zoom: u8) -> String {
        let Point { lat, lon } = self.point(n);
        let wide = f64::from(1_u32 << zoom);
        let x = (lon + 180.0) / 360.0 * wide;
        let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * wide;
        format!("/map/cases/{zoom}/{}/{}", x as u32, y as u32)
    }

    /// Where it is.
    pub(super) fn point(&self, n: usize) -> Point {
        self.one(n).2
    }
}

/// A store with `count` cases; the last one came now.
pub(super) async fn fill(url: &str, count: usize, town: &Town) -> anyhow::Result<(Store, Filled)> {
    let end = crate::clock::real().now().as_microsecond();
    let now = Arc::new(AtomicI64::new(end));
    let read = now.clone();
    let clock = Clock::new(move || from_micros(read.load(Ordering::Relaxed)));
    let store = Store::open(url, Options { ids: Ids::new(clock.clone()), clock, publish_events: false }).await?;
    store.migrate().await?;
    let begin = end - APART * i64::try_from(count)?;
    let categories: Vec<_> = town.city.categories.iter().map(|one| (one.id.clone(), one.kind)).collect();
    let channel: Channel = "web".parse().map_err(|_| anyhow::anyhow!("`web` is a channel"))?;
    let mut filled = Filled { known: Vec::new() };
    let every = (count / KNOWN).max(1);
    for first in (0..count).step_by(BATCH) {
        let numbers = first..(first + BATCH).min(count);
        let references = store.references(numbers.len()).await?;
        let (mut reports, mut cases, mut events, mut dispatches) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (n, reference) in numbers.zip(references) {
            now.store(begin + APART * i64::try_from(n)?, Ordering::Relaxed);
            let (category, kind) = categories[n % categories.len()].clone();
            let report = Report {
                id: store.ids().new_id(),
                reference,
                channel: channel.clone(),
                source_id: None,
                kind,
                category,
                words: "Een losse tegel voor de school, daar valt nog iemand over.".to_owned(),
                place: Place { point: Some(point(n)), ..Place::default() },
                answers: Answers::new(),
                urgency: Urgency::Normal,
                language: Language::NL,
                tell: Tell::Nothing,
                photos: Vec::new(),
                token: store.ids().token(),
                received_at: store.clock().now(),
            };
            let case = case(&report, n, town)?;
            let is_public = town.city.is_public(&report) && !town.city.is_confidential(case.lead.as_ref());
            if n % every == 0 && is_public && town.city.areas.in_city(point(n)) {
                filled.known.push((report.token.clone(), reference, point(n)));
            }
            let lead = case.lead.clone().context("a decision has a lead")?;
            let dispatch = derived(&["bench dispatch", &report.id.to_string()]);
            dispatches.push(DispatchRow::posted(dispatch, report.id, lead, Role::Lead, report.received_at));
            events.extend(happened(&case)?.into_iter().map(|event| (event, Tell::Nothing)));
            cases.push(case);
            reports.push(NewReport {
                report,
                contact: None,
                digest: "bench".to_owned(),
                route: false,
                trace: Trace::start(),
                noticed: Default::default(),
            });
        }
        let mut tx = store.begin().await?;
        tx.accept(&reports).await?;
        tx.open_cases(&cases).await?;
        tx.add_events(&events, Trace::start()).await?;
        tx.add_dispatches(&dispatches).await?;
        tx.commit().await?;
    }
    now.store(end, Ordering::Relaxed);
    anyhow::ensure!(!filled.known.is_empty(), "there are too few cases to ask for");
    Ok((store, filled))
}

/// Somewhere in the city, the same each time: a square of some 10 km, crossed in steps that never meet.
fn point(n: usize) -> Point {
    let part = |step: f64| (n as f64 * step).fract();
    Point { lat: 50.79 + 0.08 * part(0.754_877_666), lon: 3.21 + 0.12 * part(0.569_840_29) }
}

/// Of ten cases six are with their department, one is planned, three are solved.
fn case(report: &Report, n: usize, town: &Town) -> anyhow::Result<Case> {
    let decision = decide(&town.rules, &town.city, &Facts::of(report, &town.city, &[], report.received_at));
    let status = match n % 10 {
        0..6 => Status::Routed,
        6 => Status::Planned,
        _ => Status::Solved,
    };
    Ok(Case {
        id: report.id,
        reference: report.reference,
        status,
        version: if status == Status::Routed { 2 } else { 3 },
        lead: decision.lead().cloned(),
        planned_on: (status == Status::Planned).then_some(decision.due_on).flatten(),
        decision: Some(decision),
        rejected_by: Vec::new(),
        status_at: report.received_at,
        opened_at: report.received_at,
        closed_at: (status == Status::Solved).then_some(report.received_at),
        tell: Tell::Nothing,
        parts: Vec::new(),
        watch: Watch::default(),
        check_at: None,
    })
}

/// What happened to it since it came.
fn happened(case: &Case) -> anyhow::Result<Vec<CaseEvent>> {
    let decision = case.decision.as_ref().context("it is decided")?;
    let department = case.lead.clone().context("a decision has a lead")?;
    let mut whats = vec![What::Routed {
        department: department.clone(),
        informed: decision.informed(),
        rule: decision.rule.clone(),
        ruleset: decision.ruleset.clone(),
        priority: decision.priority,
        due_on: decision.due_on,
        rerouted_from: None,
        instead_of: None,
    }];
    match (case.status, case.planned_on) {
        (Status::Planned, Some(on)) => whats.push(What::Planned { department, on, text: None }),
        (Status::Solved, _) => {
            whats.push(What::Solved { department, text: Some("Klaar.".to_owned()), evidence: Vec::new() })
        }
        _ => {}
    }
    let event = |(what, version): (What, i64)| {
        let id: Uuid = derived(&["bench event", &case.id.to_string(), &version.to_string()]);
        CaseEvent {
            critical: false,
            id,
            case_id: case.id,
            reference: case.reference,
            version,
            at: case.opened_at,
            what,
        }
    };
    Ok(whats.into_iter().zip(2..).map(event).collect())
}
