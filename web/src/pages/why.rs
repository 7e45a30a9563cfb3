//! `/{lang}/t/{token}/why` and `/{lang}/u/{token}/why`: why did I get this, why did I hear nothing? The first is
//! for the reporter, from the tracking page; the second for whoever got a notice, from its foot. Both in plain
//! words; addresses are masked.

use super::{Call, Entry, Lang, Oops, Token, timeline::Teller, wishes::Link};
use crate::{app::App, face::Page};
use axum::{
    extract::{Path, State},
    response::Response,
    routing::get,
};
use notifier::{
    plan::{REPORTER, Silence},
    why::{Asked, BroadcastWhy, CaseWhy, EventWhy, NoticeWhy, PersonWhy, Reach},
};
use schemas::{
    city::in_language,
    notice::{Because, HeardState, NoticeState, Scope, Suppressed},
    person::OwnPlace,
    report::{Language, Report},
    way::Way,
};
use serde::Serialize;
use store::{About, PaperState};

/// The page of a reporter.
pub const PAGE: Entry = Entry { name: "why", path: "/{lang}/t/{token}/why", route: |_| get(reporter), sandbox: false };

/// The page of whoever got a notice.
pub const NOTICE_PAGE: Entry =
    Entry { name: "why_notice", path: "/{lang}/u/{token}/why", route: |_| get(receiver), sandbox: false };

#[derive(Serialize)]
struct Data {
    lead: String,
    places: Vec<String>,
    events: Vec<Happened>,
    /// Back to the case, or to what they wish.
    back: String,
    back_words: String,
    phone: Call,
}

/// One event.
#[derive(Serialize)]
struct Happened {
    title: String,
    time: String,
    iso: String,
    /// Why there is no message.
    silence: Option<String>,
    messages: Vec<Message>,
    next: Option<String>,
}

/// One message.
#[derive(Serialize)]
struct Message {
    tone: &'static str,
    icon: &'static str,
    state: String,
    because: Vec<String>,
    /// What happened to it, with the time.
    steps: Vec<String>,
}

async fn reporter(State(app): State<App>, Lang(language): Lang, Path(token): Path<Token>) -> Result<Response, Oops> {
    let report = token.report(&app).await?;
    let asked = Asked { person: Some(REPORTER.to_owned()), event: None };
    let why = app.whys().await?.case(report.id, &asked).await?.ok_or(Oops::Missing)?;
    let here = format!("/t/{}/why", report.token);
    let back = (format!("/{}/t/{}", language.as_str(), report.token), "why-back-case");
    page(&Speaker::new(&app, language, Vec::new()), &report, &why, REPORTER, here, back)
}

async fn receiver(State(app): State<App>, Lang(language): Lang, Path(link): Path<Link>) -> Result<Response, Oops> {
    let opened = app.wishes().await?.look(&link.token).await?.ok_or(Oops::Missing)?;
    let here = format!("/u/{}/why", link.token);
    let back = (format!("/{}/u/{}", language.as_str(), link.token), "why-back-wishes");
    let About::Case(case) = opened.about else {
        let why = app.whys().await?.broadcast(opened.notice.id).await?.ok_or(Oops::Missing)?;
        return broadcast(&app, language, &why, here, back);
    };
    let person = opened.notice.person;
    let asked = Asked { person: Some(person.clone()), event: None };
    let why = app.whys().await?.case(case.report.id, &asked).await?.ok_or(Oops::Missing)?;
    let places = match person.parse() {
        Ok(person) => app.site.store.places(person).await?,
        Err(_) => Vec::new(),
    };
    page(&Speaker::new(&app, language, places), &case.report, &why, &person, here, back)
}

fn page(
    speaker: &Speaker<'_>,
    report: &Report,
    why: &CaseWhy,
    person: &str,
    here: String,
    back: (String, &str),
) -> Result<Response, Oops> {
    let (app, language) = (speaker.app, speaker.language);
    let category = app.site.city.category(&report.category);
    let category = category.map_or(report.category.as_str(), |category| in_language(&category.names, language));
    let reference = report.reference.to_string();
    let reach = why.people.get(person).into_iter().flatten().map(|reach| speaker.reach(reach));
    let data = Data {
        lead: speaker.text("why-lead", &[("category", category), ("reference", &reference)]),
        places: reach.collect(),
        events: why.events.iter().rev().filter_map(|event| speaker.event(event, person)).collect(),
        back_words: speaker.text(back.1, &[]),
        back: back.0,
        phone: Call::to(&app.site.city.phone),
    };
    let title = speaker.text("why-title", &[]);
    Ok(app.show(&Page::new(language, "why", title, here, data).private()))
}

/// The page of whoever was told of a broadcast.
fn broadcast(
    app: &App,
    language: Language,
    why: &BroadcastWhy,
    here: String,
    back: (String, &str),
) -> Result<Response, Oops> {
    let speaker = Speaker::new(app, language, Vec::new());
    let reference = why.reference.to_string();
    let first = why.notices.first().map(|notice| notice.notice.planned_at);
    let told = Happened {
        title: why.subject.clone(),
        time: first.map(|at| speaker.teller.moment(at)).unwrap_or_default(),
        iso: first.map(|at| at.to_string()).unwrap_or_default(),
        silence: None,
        messages: why.notices.iter().map(|notice| speaker.message(notice)).collect(),
        next: None,
    };
    let data = Data {
        lead: speaker.text("why-lead-broadcast", &[("reference", &reference)]),
        places: why.reach.iter().map(|reach| speaker.reach(reach)).collect(),
        events: vec![told],
        back_words: speaker.text(back.1, &[]),
        back: back.0,
        phone: Call::to(&app.site.city.phone),
    };
    let title = speaker.text("why-title", &[]);
    Ok(app.show(&Page::new(language, "why", title, here, data).private()))
}

/// Says it in one language.
struct Speaker<'a> {
    app: &'a App,
    teller: Teller<'a>,
    language: Language,
    /// The places of whoever reads it.
    places: Vec<OwnPlace>,
}

impl<'a> Speaker<'a> {
    fn new(app: &'a App, language: Language, places: Vec<OwnPlace>) -> Self {
        Self { app, teller: Teller { app, language, today: app.today() }, language, places }
    }

    fn text(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.app.text(self.language, key, args)
    }

    fn reach(&self, reach: &Reach) -> String {
        let key = format!("why-place-{}{}", reach.way, if reach.verified { "" } else { "-unproved" });
        self.text(&key, &[("address", &reach.address)])
    }

    fn way(&self, way: Way) -> String {
        self.text(&format!("why-way-{way}"), &[])
    }

    /// One event; `None` when this person is not to know of it.
    fn event(&self, why: &EventWhy, person: &str) -> Option<Happened> {
        let event = &why.event;
        if !event.what.is_public() {
            return None;
        }
        let of: Option<&PersonWhy> = why.people.iter().find(|of| of.person == person);
        // What is between the city and the reporter is not told to others, not even that it happened.
        if person != REPORTER && matches!(of?.silence, Some(Silence::NotForFollowers | Silence::NotTold)) {
            return None;
        }
        let line = self.teller.lines(std::slice::from_ref(event)).into_iter().next()?;
        Some(Happened {
            title: line.title,
            time: line.time,
            iso: line.iso,
            silence: of.and_then(|of| of.silence.as_ref()).map(|silence| self.silence(silence)),
            messages: of.iter().flat_map(|of| &of.notices).map(|notice| self.message(notice)).collect(),
            next: of.and_then(|of| of.next).map(|way| self.text("why-next", &[("way", &self.way(way))])),
        })
    }

    fn message(&self, why: &NoticeWhy) -> Message {
        let notice = &why.notice;
        // Handed over is laid ready for the print room: nobody should read of it that it left.
        let paper = match why.paper.filter(|_| notice.state == NoticeState::Sent) {
            Some(PaperState::Waiting | PaperState::Printing) => Some("why-state-paper-waiting"),
            Some(PaperState::Printed) => Some("why-state-paper-printed"),
            _ => None,
        };
        let (tone, icon) = match notice.state {
            _ if paper.is_some() => ("wait", "planned"),
            NoticeState::Sent | NoticeState::Delivered => ("good", "accepted"),
            NoticeState::Planned | NoticeState::Unknown => ("wait", "planned"),
            NoticeState::Failed => ("bad", "alert"),
            NoticeState::Superseded | NoticeState::Suppressed | NoticeState::Stopped => ("plain", "dot"),
        };
        let way = self.way(notice.way);
        let mut steps = vec![self.step("why-planned", notice.planned_at)];
        // That it is not sent any more is done, too; nobody should read of it that it left.
        let stayed = matches!(notice.state, NoticeState::Superseded | NoticeState::Suppressed | NoticeState::Stopped);
        let attempts = why.attempts.iter().filter(|attempt| !(stayed && attempt.verdict.as_deref() == Some("done")));
        steps.extend(attempts.map(|attempt| match attempt.verdict.as_deref() {
            Some("done") if why.paper.is_some() => self.step("why-tried-paper", attempt.started_at),
            Some("done") => self.step("why-tried-done", attempt.started_at),
            Some("unknown") | None => self.step("why-tried-unknown", attempt.started_at),
            Some(_) => self.step("why-tried-failed", attempt.started_at),
        }));
        steps.extend(why.heard.iter().map(|heard| {
            let key = match heard.state {
                HeardState::Trying => "why-heard-trying",
                HeardState::Delivered => "why-heard-delivered",
                HeardState::Failed => "why-heard-failed",
                HeardState::Dead => "why-heard-dead",
                HeardState::Complained => "why-heard-complained",
                HeardState::Stopped | HeardState::Unwanted => "why-heard-stopped",
            };
            self.step(key, heard.at)
        }));
        if let Some(waits) = why.waits.as_ref().filter(|waits| waits.buried_at.is_none()) {
            steps.push(self.step("why-waits", waits.ready_at));
        }
        Message {
            tone,
            icon,
            state: match paper {
                Some(key) => self.text(key, &[]),
                None => self.text(&format!("why-state-{}", notice.state.as_str()), &[("way", &way)]),
            },
            because: notice.reasons.iter().map(|because| self.because(because)).collect(),
            steps,
        }
    }

    fn step(&self, key: &str, at: schemas::Timestamp) -> String {
        self.text(key, &[("time", &self.teller.moment(at))])
    }

    fn because(&self, because: &Because) -> String {
        match because {
            Because::Reporter => self.text("why-because-reporter", &[]),
            Because::Merged { report, with, .. } => {
                let (report, with) = (report.to_string(), with.to_string());
                self.text("why-because-merged", &[("report", report.as_str()), ("with", with.as_str())])
            }
            Because::Place { district: Some(district), .. } => {
                self.text("why-because-place", &[("what", &self.target(Scope::Area, district))])
            }
            Because::Place { street: Some(street), .. } => self.text("why-because-place", &[("what", street)]),
            Because::Place { .. } => self.text("why-because-place-drawn", &[]),
            Because::Follows { scope, target } => {
                let what = self.target(*scope, target);
                self.text(&format!("why-because-follows-{}", scope.as_str()), &[("what", &what)])
            }
            Because::Asked => self.text("why-because-asked", &[]),
            Because::Instead { of, .. } => self.text("why-because-instead", &[("way", &self.way(*of))]),
            Because::Quiet { until } => self.step("why-because-quiet", *until),
            Because::Together { until } => self.step("why-because-together", *until),
            Because::Digest { until } => self.step("why-because-digest", *until),
            Because::Critical => self.text("why-because-critical", &[]),
            Because::Suppressed { by, .. } => self.text(self.fact(*by), &[]),
        }
    }

    /// The name of what somebody follows.
    fn target(&self, scope: Scope, target: &str) -> String {
        let city = &self.app.site.city;
        let category = || city.categories.iter().find(|category| category.id.as_str() == target);
        let group = || city.groups.iter().find(|group| group.id == target);
        let names = match scope {
            Scope::Topic => category().map(|c| &c.names).or_else(|| group().map(|group| &group.names)),
            Scope::Area => city.areas.all().iter().find(|area| area.id.as_str() == target).map(|area| &area.names),
            Scope::Place => {
                let place = self.places.iter().find(|place| place.id.to_string() == target);
                return place.map_or_else(|| self.text("person-place-gone", &[]), OwnPlace::name);
            }
            Scope::Case | Scope::All => None,
        };
        names.map_or_else(|| target.to_owned(), |names| in_language(names, self.language).to_owned())
    }

    fn fact(&self, by: Suppressed) -> &'static str {
        match by {
            Suppressed::Unsubscribed => "why-fact-unsubscribed",
            Suppressed::Stopped => "why-fact-stopped",
            Suppressed::Desk => "why-fact-desk",
            Suppressed::Complained => "why-fact-complained",
            Suppressed::Bounced => "why-fact-bounced",
            Suppressed::Gone => "why-fact-gone",
            Suppressed::Unwanted => "why-fact-unwanted",
        }
    }

    fn silence(&self, silence: &Silence) -> String {
        let ways = |ways: &[Way]| ways.iter().map(|way| self.way(*way)).collect::<Vec<_>>().join(", ");
        match silence {
            Silence::NotTold => self.text("why-silence-not-told", &[]),
            Silence::AskedNothing => self.text("why-silence-asked-nothing", &[]),
            Silence::AnsweredBefore => self.text("why-silence-answered-before", &[]),
            Silence::NoAddress => self.text("why-silence-no-address", &[]),
            Silence::Unverified => self.text("why-silence-unverified", &[]),
            Silence::NoSender { ways: of } => self.text("why-silence-no-sender", &[("ways", &ways(of))]),
            Silence::Dead { fact, .. } => self.text(self.fact(*fact), &[]),
            Silence::Tried { ways: of } => self.text("why-silence-tried", &[("ways", &ways(of))]),
            Silence::NotForFollowers | Silence::NotPublic => self.text("why-silence-not-public", &[]),
            Silence::Later => self.text("why-silence-later", &[]),
            Silence::NotYet => self.text("why-silence-not-yet", &[]),
        }
    }
}
