//! What a played department shows of each hop: one line to read, or one JSON object. Never a word of
//! a resident.

use crate::output::{Paint, say};
use schemas::{Timestamp, Uuid, dispatch::Dispatch, id::Clock};
use serde::Serialize;

/// Shows hops.
#[derive(Debug, Clone)]
pub struct Hops {
    json: bool,
    paint: Paint,
    clock: Clock,
}

/// One hop. What is not known of it is left out.
#[derive(Debug, Clone, Serialize)]
pub struct Hop<'a> {
    /// When.
    pub at: Timestamp,
    /// `in`: work came; `out`: something was said; `note`: neither.
    pub way: Way,
    /// `dispatch`, the word of the update, `photo`, `up`, …
    pub what: &'a str,
    /// Which piece of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatch: Option<Uuid>,
    /// How often it has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<usize>,
    /// The department's own number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<&'a str>,
    /// The id of the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<&'a str>,
    /// What became of it: `taken`, `busy`, `202`, …
    pub outcome: &'a str,
}

/// Which way a hop goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// From the hub to the department.
    In,
    /// From the department to the hub.
    Out,
    /// Neither.
    Note,
}

impl Hops {
    /// Shows hops as JSON lines or for people.
    pub fn new(json: bool, clock: Clock) -> Self {
        Self { json, paint: Paint::stdout(), clock }
    }

    fn hop<'a>(&self, way: Way, what: &'a str, outcome: &'a str) -> Hop<'a> {
        Hop { at: self.clock.now(), way, what, dispatch: None, times: None, receipt: None, update: None, outcome }
    }

    /// Work came, for the `times`th time.
    pub fn came(&self, dispatch: &Dispatch, times: usize, receipt: Option<&str>, outcome: &str) {
        self.came_as(dispatch.id, &dispatch.reference.to_string(), times, receipt, outcome);
    }

    /// Work came of which no more is known than its id, and the city's reference if that.
    pub fn came_as(&self, dispatch: Uuid, reference: &str, times: usize, receipt: Option<&str>, outcome: &str) {
        let hop = self.hop(Way::In, "dispatch", outcome);
        self.show(&Hop { dispatch: Some(dispatch), times: Some(times), receipt, ..hop }, reference);
    }

    /// Something was said about a piece of work.
    pub fn said(&self, dispatch: Uuid, what: &str, update: Option<&str>, outcome: &str) {
        let hop = self.hop(Way::Out, what, outcome);
        self.show(&Hop { dispatch: Some(dispatch), update, ..hop }, "");
    }

    /// A call that was sent away before it was known what it was about.
    pub fn refused(&self, what: &str, outcome: &str) {
        self.show(&self.hop(Way::In, what, outcome), "");
    }

    /// Something else that whoever watches wants to know.
    pub fn note(&self, what: &str, words: &str) {
        self.show(&self.hop(Way::Note, what, words), "");
    }

    fn show(&self, hop: &Hop<'_>, reference: &str) {
        if self.json {
            // A hop is plain words and numbers; it always serialises.
            say!("{}", serde_json::to_string(hop).unwrap_or_default());
            return;
        }
        let paint = self.paint;
        let arrow = match hop.way {
            Way::In => paint.cyan("<-"),
            Way::Out => paint.green("->"),
            Way::Note => paint.dim("--"),
        };
        let mut line =
            format!("{}  {arrow}  {:<14}", paint.dim(&hop.at.strftime("%H:%M:%S%.3f").to_string()), hop.what);
        if !reference.is_empty() {
            line += &format!("  {}", paint.bold(reference));
        }
        if let Some(dispatch) = hop.dispatch {
            line += &format!("  {}", paint.dim(&dispatch.to_string()));
        }
        if let Some(times) = hop.times.filter(|times| *times > 1) {
            line += &format!("  {}", paint.yellow(&format!("(arrival {times})")));
        }
        line += &format!("  {}", hop.outcome);
        if let Some(receipt) = hop.receipt {
            line += &format!(" as {receipt}");
        }
        say!("{line}");
    }
}
