//! The timeline of a case, like that of a parcel: each step with its time, its reason and its
//! place, the department leg included.

use super::department;
use crate::{app::App, dates};
use adapters::departments::is_by_hand;
use schemas::{
    Date, Timestamp,
    case::{Case, Role, Status},
    city::{Delivery, in_language},
    dispatch::DispatchState,
    event::{CaseEvent, What},
    report::Language,
    slug::CategoryId,
};
use serde::Serialize;
use store::DispatchRow;

/// One line of the history.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Its icon and its text: the word of the event.
    pub icon: &'static str,
    /// `good`, `wait`, `bad`, `plain`.
    pub tone: &'static str,
    /// What happened.
    pub title: String,
    /// What follows from it, or why.
    pub text: Option<String>,
    /// What a department or the resident wrote.
    pub quote: Option<String>,
    /// Who wrote it.
    pub by: Option<String>,
    /// Links to what shows it.
    pub evidence: Vec<String>,
    /// When, in words.
    pub time: String,
    /// When, for programs.
    pub iso: String,
}

/// One of the four steps on top.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its icon.
    pub icon: &'static str,
    /// What it is called.
    pub name: String,
    /// `done`, `now`, `later`.
    pub state: &'static str,
    /// The same in words, for screen readers.
    pub said: String,
}

/// Where the case is now: the department, and whether its own system has it.
#[derive(Debug, Serialize)]
pub struct Leg {
    /// The department.
    pub department: String,
    /// Its number, if residents may call it.
    pub phone: Option<super::Call>,
    /// `good`, `wait`, `bad`.
    pub tone: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// How far it is on its way.
    pub text: String,
    /// What their system answered, if it says something to people.
    pub receipt: Option<String>,
    /// Other departments that know of it.
    pub informed: Vec<String>,
}

/// Words for one case in one language.
pub struct Teller<'a> {
    /// The site.
    pub app: &'a App,
    /// In which language.
    pub language: Language,
    /// Today in the city.
    pub today: Date,
}

/// One event in words, as the history of a case tells it; nothing for what residents do not see.
pub(crate) fn line(app: &App, event: &CaseEvent, language: Language) -> Option<Line> {
    let teller = Teller { app, language, today: app.today() };
    event.what.is_public().then(|| teller.line(event))
}

impl Teller<'_> {
    fn text(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.app.text(self.language, key, args)
    }

    fn name(&self, id: &str) -> String {
        department(self.app, id, self.language)
    }

    fn category(&self, id: &CategoryId) -> String {
        let category = self.app.site.city.category(id);
        category.map_or_else(|| id.to_string(), |category| in_language(&category.names, self.language).to_owned())
    }

    /// `date` in words.
    pub fn date(&self, date: Date) -> String {
        dates::date(&self.app.site.city.further, self.language, date, self.today)
    }

    /// `at` in words.
    pub fn moment(&self, at: Timestamp) -> String {
        dates::moment(&self.app.site.city, self.language, at, self.today)
    }

    /// The history, newest first.
    pub fn lines(&self, events: &[CaseEvent]) -> Vec<Line> {
        events.iter().rev().filter(|event| event.what.is_public()).map(|event| self.line(event)).collect()
    }

    fn line(&self, event: &CaseEvent) -> Line {
        let word = event.what.word();
        let key = word.replace('_', "-");
        let mut line = Line {
            icon: word,
            tone: "plain",
            title: String::new(),
            text: None,
            quote: None,
            by: None,
            evidence: Vec::new(),
            time: self.moment(event.at),
            iso: event.at.to_string(),
        };
        let who = match &event.what {
            What::Routed { department, .. }
            | What::HandedOver { department, .. }
            | What::HandOverDelayed { department, .. }
            | What::HandOverFailed { department, .. }
            | What::Accepted { department, .. }
            | What::Rejected { department, .. }
            | What::Note { department, .. }
            | What::InternalNote { department, .. }
            | What::Planned { department, .. }
            | What::Solved { department, .. }
            | What::PartSolved { department, .. }
            | What::Declined { department, .. }
            | What::Answered { department, .. }
            | What::Referred { department, .. }
            | What::Asked { department, .. }
            | What::Reminded { department, .. }
            | What::Escalated { department, .. }
            | What::Slipping { department, .. }
            | What::Outdated { department, .. } => self.name(department),
            What::Received
            | What::Replied { .. }
            | What::Reopened { .. }
            | What::Merged { .. }
            | What::Split { .. }
            | What::Recategorised { .. } => String::new(),
        };
        let mut args = vec![("department", who.clone())];
        match &event.what {
            What::Received => {}
            What::Routed { informed, due_on, rerouted_from, instead_of, .. } => {
                if let Some(from) = rerouted_from {
                    line.text = Some(self.text("event-rerouted-text", &[("department", &self.name(from))]));
                } else if instead_of.is_some() {
                    line.text = Some(self.text("event-replaced-text", &[]));
                } else if let Some(due) = due_on {
                    line.text = Some(self.text("event-routed-text", &[("date", &self.date(*due))]));
                }
                if !informed.is_empty() {
                    let names: Vec<String> = informed.iter().map(|id| self.name(id)).collect();
                    let also = self.text("event-informed", &[("departments", &names.join(", "))]);
                    line.text = Some(line.text.map_or(also.clone(), |text| format!("{text} {also}")));
                }
            }
            What::HandedOver { .. } | What::Accepted { .. } => line.tone = "good",
            What::HandOverDelayed { next_try_at, .. } => {
                line.tone = "wait";
                line.text = Some(self.text("event-hand-over-delayed-text", &[("time", &self.moment(*next_try_at))]));
            }
            What::HandOverFailed { .. } => {
                line.tone = "bad";
                line.text = Some(self.text("event-hand-over-failed-text", &[]));
            }
            What::Rejected { reason, .. } => line.quote = Some(reason.clone()),
            What::Declined { reason, .. } => {
                line.tone = "bad";
                line.quote = Some(reason.clone());
            }
            What::Note { text, .. } | What::InternalNote { text, .. } => line.quote = Some(text.clone()),
            What::Planned { on, text, .. } => {
                line.tone = "wait";
                args.push(("date", self.date(*on)));
                line.quote = text.clone();
            }
            What::Solved { text, evidence, .. } | What::PartSolved { text, evidence, .. } => {
                line.tone = "good";
                line.quote = text.clone();
                // Strangers write these: nothing but plain web addresses becomes a link.
                line.evidence = evidence.iter().filter(|link| is_web(link)).cloned().collect();
            }
            What::Reopened { text, .. } => {
                line.tone = "wait";
                line.text = Some(self.text("event-reopened-text", &[]));
                line.quote = text.clone();
            }
            What::Merged { into, .. } => args.push(("into", into.to_string())),
            What::Split { from } => args.push(("from", from.to_string())),
            What::Answered { article, .. } => {
                line.tone = "good";
                let article = self.app.site.city.article(article);
                line.text = article.map(|article| article.text(self.language).1.title.clone());
            }
            What::Referred { to, phone, url, text, .. } => {
                args.push(("to", to.clone()));
                // Strangers write these: nothing but a plain web address becomes a link.
                line.evidence = url.iter().filter(|link| is_web(link)).cloned().collect();
                line.text = phone.as_ref().map(|phone| self.text("event-referred-text", &[("how", phone)]));
                line.quote = text.clone();
            }
            What::Asked { text, .. } => {
                line.tone = "wait";
                line.quote = Some(text.clone());
            }
            What::Replied { text } => line.quote = Some(text.clone()),
            What::Slipping { was, expected, news_by, .. } => {
                line.tone = "wait";
                args.push(("date", self.date(*was)));
                line.text = match (expected, news_by) {
                    (Some(day), _) => Some(self.text("event-slipping-planned", &[("date", &self.date(*day))])),
                    (None, Some(day)) => Some(self.text("event-slipping-news", &[("date", &self.date(*day))])),
                    (None, None) => None,
                };
            }
            What::Recategorised { from, to } => {
                let args = [("from", self.category(from)), ("to", self.category(to))];
                let args = [(args[0].0, args[0].1.as_str()), (args[1].0, args[1].1.as_str())];
                line.text = Some(self.text("event-recategorised-text", &args));
            }
            What::Reminded { .. } | What::Escalated { .. } | What::Outdated { .. } => {}
        }
        let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        line.title = match event.what {
            // Somebody else told us so than whoever reads this.
            What::Reopened { of: Some(_), .. } => self.text("case-reopened", &[]),
            _ => self.text(&format!("event-{key}"), &args),
        };
        if line.quote.is_some() {
            line.by = Some(who).filter(|who| !who.is_empty());
        }
        line
    }

    /// The four steps of a case: in, at a department, planned, done.
    pub fn steps(&self, status: Status, planned: bool) -> Vec<Step> {
        let at = match status {
            Status::Received => 0,
            Status::Routed | Status::Accepted => 1,
            Status::Waiting if planned => 2,
            Status::Waiting => 1,
            Status::Planned => 2,
            Status::Solved | Status::Declined | Status::Referred | Status::Duplicate => 3,
        };
        let last = if status == Status::Declined { "declined" } else { "solved" };
        let names = ["received", "accepted", "planned", last];
        names
            .into_iter()
            .enumerate()
            .map(|(i, icon)| {
                let state = match i.cmp(&at) {
                    // What was never planned was skipped, not done.
                    std::cmp::Ordering::Less if i == 2 && !planned => "skipped",
                    std::cmp::Ordering::Less => "done",
                    std::cmp::Ordering::Equal if at == 3 => "done",
                    std::cmp::Ordering::Equal => "now",
                    std::cmp::Ordering::Greater => "later",
                };
                Step {
                    icon,
                    name: self.text(&format!("step-{icon}"), &[]),
                    state,
                    said: self.text(&format!("step-{state}"), &[]),
                }
            })
            .collect()
    }

    /// The same of a case that was answered at once: no department had it.
    pub fn answered(&self) -> Vec<Step> {
        let step = |icon: &'static str, state: &'static str| Step {
            icon,
            name: self.text(&format!("step-{icon}"), &[]),
            state,
            said: self.text(&format!("step-{state}"), &[]),
        };
        vec![step("received", "done"), step("answered", "done")]
    }

    /// Where an open case is now.
    pub fn leg(&self, case: &Case, dispatches: &[DispatchRow], events: &[CaseEvent]) -> Option<Leg> {
        let lead = case.lead.as_ref()?;
        let owner = self.app.site.city.department(lead);
        let mine = |row: &&DispatchRow| row.department == *lead && row.role == Role::Lead;
        let (tone, icon, text, receipt) = match dispatches.iter().rev().find(mine) {
            Some(row) => self.hand_over(row, events, owner.map(|department| &department.delivery)),
            None => ("wait", "next", self.text("leg-posted", &[]), None),
        };
        let informed = dispatches.iter().filter(|row| row.role == Role::Informed && row.department != *lead);
        let mut informed: Vec<String> = informed.map(|row| self.name(&row.department)).collect();
        informed.dedup();
        Some(Leg {
            department: self.name(lead),
            phone: owner.and_then(|d| d.phone.as_deref()).map(super::Call::to),
            tone,
            icon,
            text,
            receipt,
            informed,
        })
    }

    fn hand_over(
        &self,
        row: &DispatchRow,
        events: &[CaseEvent],
        delivery: Option<&Delivery>,
    ) -> (&'static str, &'static str, String, Option<String>) {
        let since = |at| self.moment(at);
        if row.answered_at.is_some() {
            return ("good", "accepted", self.text("leg-answered", &[]), None);
        }
        match row.state {
            DispatchState::Delivered => {
                let at = since(row.delivered_at.unwrap_or(row.posted_at));
                let receipt = row.receipt.clone().filter(|text| is_for_people(text));
                ("good", "handed_over", self.text("leg-delivered", &[("time", &at)]), receipt)
            }
            DispatchState::Failed | DispatchState::Unknown => {
                ("bad", "hand_over_failed", self.text("leg-failed", &[]), None)
            }
            DispatchState::Posted => {
                let next = events.iter().rev().find_map(|event| match &event.what {
                    What::HandOverDelayed { department, next_try_at, .. }
                        if *department == row.department && event.at >= row.posted_at =>
                    {
                        Some((event.at, *next_try_at))
                    }
                    _ => None,
                });
                let posted = since(row.posted_at);
                match next {
                    Some((at, next)) => {
                        let args = [("since", since(at)), ("next", since(next))];
                        let args = [(args[0].0, args[0].1.as_str()), (args[1].0, args[1].1.as_str())];
                        ("wait", "hand_over_delayed", self.text("leg-delayed", &args), None)
                    }
                    None if delivery.is_some_and(is_by_hand) => {
                        ("wait", "next", self.text("leg-by-hand", &[("time", &posted)]), None)
                    }
                    None if delivery == Some(&Delivery::Queue) => {
                        ("wait", "received", self.text("leg-queued", &[("time", &posted)]), None)
                    }
                    None => ("wait", "handed_over", self.text("leg-posted", &[]), None),
                }
            }
        }
    }
}

fn is_web(link: &str) -> bool {
    url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.host().is_some())
}

/// A number or a short name, not a program's answer.
fn is_for_people(receipt: &str) -> bool {
    (1..=60).contains(&receipt.chars().count()) && receipt.chars().all(|c| c.is_alphanumeric() || " -_/.#:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links() {
        for (link, good) in [
            ("https://example.org/a.jpg", true),
            ("http://example.org", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("/relative", false),
        ] {
            assert_eq!(is_web(link), good, "{link}");
        }
        assert!(is_for_people("WO-2026/118") && !is_for_people("{\"id\":1}"));
    }
}
