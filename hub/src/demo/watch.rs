//! Watches the rows and shows each hop of each walk as it happens.

use super::{
    Out,
    send::Sent,
    stories::{Door, Story},
};
use crate::{city::Town, failure::Failure};
use schemas::{
    case::{Case, Role},
    city::in_language,
    dispatch::DispatchState,
    event::{CaseEvent, What},
    notice::NoticeState,
    report::{Language, Report, Tell},
};
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};
use store::{DispatchRow, NoticeRow, Store};
use tokio::time::Instant;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// One report and how far it is.
pub struct Walk {
    story: Story,
    sent: Sent,
    report: Report,
    case: Option<Case>,
    timeline: Vec<CaseEvent>,
    dispatches: Vec<DispatchRow>,
    notices: Vec<NoticeRow>,
    in_letterbox: HashSet<schemas::Uuid>,
}

/// All of them.
pub struct Watch {
    store: Store,
    town: Town,
    out: Out,
    walks: Vec<Walk>,
}

impl Watch {
    /// Nothing was sent yet.
    pub fn new(store: Store, town: Town, out: Out) -> Self {
        Self { store, town, out, walks: Vec::new() }
    }

    /// Watches the report that was sent.
    pub async fn add(&mut self, story: Story, sent: Sent) -> anyhow::Result<()> {
        let Some(report) = self.store.report_by_token(&sent.token).await? else {
            return Err(
                Failure::new("a report was taken, but is not in the store", "this is a fault of the hub").into()
            );
        };
        self.walks.push(Walk {
            story,
            sent,
            report,
            case: None,
            timeline: Vec::new(),
            dispatches: Vec::new(),
            notices: Vec::new(),
            in_letterbox: HashSet::new(),
        });
        self.look().await
    }

    /// Shows what happens for a while.
    pub async fn look_for(&mut self, how_long: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + how_long;
        while Instant::now() < until {
            self.look().await?;
            tokio::time::sleep(LOOK_EVERY.min(until.saturating_duration_since(Instant::now()))).await;
        }
        Ok(())
    }

    /// Shows what happens until every report has arrived, or until `deadline`.
    pub async fn until_arrived(mut self, deadline: Instant) -> anyhow::Result<Vec<Walk>> {
        loop {
            self.look().await?;
            if self.walks.iter().all(|walk| walk.missing().is_none()) || Instant::now() >= deadline {
                return Ok(self.walks);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        for walk in &mut self.walks {
            if walk.missing().is_none() {
                continue;
            }
            let id = walk.report.id;
            walk.case = self.store.case(id).await?;
            walk.dispatches = self.store.dispatches_of(id).await?;
            let mut timeline = self.store.timeline(id, false).await?;
            // What happened since the case was read is shown with the decision that belongs to it: next time.
            let version = walk.case.as_ref().map_or(1, |case| case.version);
            timeline.retain(|event| event.version <= version);
            for event in timeline.iter().skip(walk.timeline.len()) {
                show(self.out, &self.town, walk, event);
            }
            walk.timeline = timeline;
            for row in self.store.notices_of(id).await? {
                let known = walk.notices.iter().find(|known| known.notice.id == row.notice.id);
                if row.notice.state == NoticeState::Sent
                    && known.is_none_or(|known| known.notice.state != NoticeState::Sent)
                    && let Some(item) = self.store.letterbox_item(row.notice.id).await?
                {
                    walk.in_letterbox.insert(row.notice.id);
                    let paint = self.out.paint;
                    let what = format!(
                        "{} {}",
                        paint.dim("the resident is told"),
                        paint.dim(&format!("({}): {}", row.notice.language.as_str(), item.subject))
                    );
                    hop(self.out, walk, "✉", &what);
                }
                walk.notices.retain(|known| known.notice.id != row.notice.id);
                walk.notices.push(row);
            }
        }
        Ok(())
    }
}

impl Walk {
    /// What has not happened yet; `None` when the report has arrived and everything was told.
    pub fn missing(&self) -> Option<String> {
        let mut missing = Vec::new();
        match &self.case {
            None => missing.push("a decision".to_owned()),
            Some(case) if !case.status.is_closed() => missing.push(format!("an end: the case is {}", case.status)),
            Some(_) => {}
        }
        for row in self.dispatches.iter().filter(|row| row.state != DispatchState::Delivered) {
            missing.push(format!(
                "the hand-over to {}: it is {}{}",
                row.department,
                row.state.as_str(),
                why(row.why.as_deref())
            ));
        }
        if self.dispatches.is_empty() && self.case.is_some() {
            missing.push("a dispatch to a department".to_owned());
        }
        if self.report.tell == Tell::Email {
            let planned: BTreeSet<_> = self.notices.iter().map(|row| row.notice.event_id).collect();
            for event in self.timeline.iter().filter(|event| event.what.is_told() && !planned.contains(&event.id)) {
                missing.push(format!("a notice of `{}`", event.what.word()));
            }
            for row in &self.notices {
                let superseded = row.notice.state == NoticeState::Superseded;
                if !superseded && !self.in_letterbox.contains(&row.notice.id) {
                    missing.push(format!(
                        "the notice of `{}` in the letterbox: it is {}{}",
                        row.notice.template,
                        row.notice.state.as_str(),
                        why(row.why.as_deref())
                    ));
                }
            }
        }
        (!missing.is_empty())
            .then(|| format!("{} ({}) still lacks {}", self.report.reference, self.report.category, missing.join(", ")))
    }

    /// How many notices are in the letterbox.
    pub fn notices(&self) -> usize {
        self.in_letterbox.len()
    }

    /// The tracking link.
    pub fn tracking(&self, url: &str) -> String {
        format!("{url}/{}/t/{}", self.report.language.as_str(), self.report.token)
    }

    /// One line for people.
    pub fn title(&self) -> String {
        format!("{}  {}", self.report.reference, short(self.story.words, 60))
    }

    /// The dispatch to the department that leads now.
    fn lead(&self) -> Option<&DispatchRow> {
        let lead = self.case.as_ref()?.lead.as_ref()?;
        self.dispatches.iter().rev().find(|row| row.role == Role::Lead && row.department == *lead)
    }

    /// The line of the JSON summary. `ms`: from the city's receipt to the department that leads.
    pub fn summary(&self) -> serde_json::Value {
        let lead = self.lead();
        let verdict = lead.map_or("waiting", |row| match row.state {
            DispatchState::Delivered => "done",
            DispatchState::Posted => "later",
            DispatchState::Unknown => "unknown",
            DispatchState::Failed => "never",
        });
        let ms = lead.and_then(|row| row.delivered_at).map(|at| at.duration_since(self.report.received_at).as_millis());
        let ms = ms.and_then(|ms| u64::try_from(ms).ok());
        serde_json::json!({
            "reference": self.report.reference,
            "channel": self.report.channel,
            "kind": self.report.kind,
            "category": self.report.category,
            "rule": self.case.as_ref().and_then(|case| case.decision.as_ref()).map(|decision| &decision.rule),
            "department": lead.map(|row| &row.department),
            "verdict": verdict,
            "notices": self.in_letterbox.len(),
            "ms": ms,
        })
    }
}

fn why(text: Option<&str>) -> String {
    text.map(|text| format!(" ({text})")).unwrap_or_default()
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(most).collect::<String>().trim_end())
    }
}

fn hop(out: Out, walk: &Walk, mark: &str, what: &str) {
    let paint = out.paint;
    let seconds = walk.sent.at.elapsed().as_secs_f64();
    out.line(format!(
        "{}  {} {mark} {what}",
        paint.bold(&walk.report.reference.to_string()),
        paint.dim(&format!("{seconds:>6.2} s"))
    ));
}

fn show(out: Out, town: &Town, walk: &Walk, event: &CaseEvent) {
    let paint = out.paint;
    let name = |id: &str| {
        let name = town.city.department(id).map_or(id, |department| in_language(&department.names, Language::EN));
        paint.cyan(name)
    };
    let (mark, text) = match &event.what {
        What::Received => ("●", received(out, town, walk)),
        What::Routed { department, informed, rule, due_on, rerouted_from, instead_of, .. } => {
            let left = rerouted_from.as_ref().or(instead_of.as_ref());
            let again = left.map(|from| format!("again, without {}, ", name(from))).unwrap_or_default();
            let mut text = format!("decided {again}by rule {} → {}", paint.yellow(rule), name(department));
            if !informed.is_empty() {
                text += &format!(", {} informed", informed.iter().map(|id| name(id)).collect::<Vec<_>>().join(", "));
            }
            if let Some(due) = due_on {
                text += &format!(", by {due}");
            }
            text += &reasons(walk);
            let alarm =
                walk.case.as_ref().and_then(|case| case.decision.as_ref()).and_then(|decision| decision.alarm.as_ref());
            if let (Some(alarm), "fallback") = (alarm, rule.as_str()) {
                text += &format!("\n{}{}", " ".repeat(21), paint.red(&format!("alarm: {alarm}")));
            }
            (if left.is_some() { "↻" } else { "→" }, text)
        }
        What::HandedOver { department, receipt } => (
            "⇒",
            format!(
                "handed to {}{}",
                name(department),
                receipt.as_ref().map(|receipt| paint.dim(&format!(" ({receipt})"))).unwrap_or_default()
            ),
        ),
        What::HandOverDelayed { department, why, .. } => {
            ("…", format!("{} does not answer yet: {why}", name(department)))
        }
        What::HandOverFailed { department, why } => {
            ("✗", paint.red(&format!("could not be handed to {department}: {why}")))
        }
        What::Accepted { department, .. } => ("✓", format!("accepted by {}", name(department))),
        What::Rejected { department, reason } => {
            ("✗", format!("{} says it is not theirs: {}", name(department), short(reason, 90)))
        }
        What::Note { department, text } => ("✎", format!("{} writes: {}", name(department), short(text, 90))),
        What::InternalNote { department, .. } => ("✎", format!("{} notes something for colleagues", name(department))),
        What::Planned { department, on, .. } => ("◷", format!("{} plans it on {on}", name(department))),
        What::Solved { department, .. } => ("✓", format!("{} by {}", paint.green("solved"), name(department))),
        What::PartSolved { department, .. } => ("✓", format!("{} has done its part", name(department))),
        What::Declined { department, reason } => {
            ("✗", format!("{} will not do it: {}", name(department), short(reason, 90)))
        }
        What::Answered { article, .. } => ("✓", format!("{} by the article {article}", paint.green("answered"))),
        What::Referred { to, .. } => ("⇒", format!("referred to {to}")),
        What::Asked { department, text } => ("?", format!("{} asks: {}", name(department), short(text, 90))),
        What::Replied { text } => ("✎", format!("the resident answers: {}", short(text, 90))),
        What::Reminded { department, nth } => ("◷", format!("{} was reminded ({nth})", name(department))),
        What::Escalated { department, to, .. } => {
            ("!", format!("{} stays silent: {} looks after it", name(department), name(to)))
        }
        What::Slipping { was, .. } => ("◷", format!("it will not be {was}: the resident hears of it")),
        What::Merged { into, .. } => ("⇉", format!("is the same as {into}, and goes on there")),
        What::Split { from } => ("⇇", format!("is not the same as {from} after all")),
        What::Reopened { .. } => ("↻", "the resident says it is not solved".to_owned()),
        What::Recategorised { from, to } => ("✎", format!("is about {to}, not {from}")),
        What::Outdated { department, said } => {
            ("…", format!("{} answered late ({said}): changes nothing", name(department)))
        }
    };
    hop(out, walk, mark, &text);
}

fn received(out: Out, town: &Town, walk: &Walk) -> String {
    let (report, paint) = (&walk.report, out.paint);
    let door = match walk.story.door {
        Door::Web => "the web form",
        Door::Api => "the API",
    };
    let category = town
        .city
        .category(&report.category)
        .map_or(report.category.as_str(), |category| in_language(&category.names, Language::EN));
    let photos = if report.photos.is_empty() { "" } else { ", with a photo" };
    let who = if walk.story.contact.is_none() { ", anonymous" } else { "" };
    format!(
        "received through {door} in {} ms: {} {} ({}{photos}{who})\n{}{}",
        walk.sent.took.as_millis(),
        report.kind,
        paint.cyan(category),
        report.language.as_str(),
        " ".repeat(21),
        paint.dim(&format!("“{}”", short(walk.story.words, 80)))
    )
}

fn reasons(walk: &Walk) -> String {
    let reasons = walk.case.as_ref().and_then(|case| case.decision.as_ref()).map(|decision| &decision.reasons);
    let text: Vec<String> = reasons
        .into_iter()
        .flatten()
        .map(|reason| {
            if reason.fact.is_empty() {
                reason.condition.clone()
            } else {
                format!("{} ({})", reason.condition, reason.fact)
            }
        })
        .collect();
    if text.is_empty() { String::new() } else { format!(", because {}", text.join(" and ")) }
}
