//! What happens to a case: one event = one line of its timeline = at most one notice per person.

use crate::{
    case::Status,
    id::derived,
    letter::{Lane, Letter, Topic},
    reference::Reference,
    report::Urgency,
    slug::{CategoryId, DepartmentId, Slug},
    trace::Trace,
};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One event of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseEvent {
    /// Derived from its cause, so that a second try is the same event.
    pub id: Uuid,
    /// Whose.
    pub case_id: Uuid,
    /// The reference of the case, for people.
    pub reference: Reference,
    /// The version of the case after this event; rises by one each time.
    pub version: i64,
    /// When it happened.
    pub at: Timestamp,
    /// It matters for somebody's safety: news of it waits for nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub critical: bool,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// The city has it.
    Received,
    /// The rules chose a desk.
    Routed {
        /// Who leads.
        department: DepartmentId,
        /// Who is told.
        informed: Vec<DepartmentId>,
        /// The rule that decided, or `fallback`.
        rule: String,
        /// Which version of the rules.
        ruleset: String,
        /// How soon it is looked at.
        priority: Urgency,
        /// By when, if the rules give a term.
        due_on: Option<Date>,
        /// Set when an earlier department said it was not theirs.
        rerouted_from: Option<DepartmentId>,
        /// Set when the city does not have the department any more that had it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<DepartmentId>,
    },
    /// An adapter handed the case to the department's own system.
    HandedOver {
        /// To whom.
        department: DepartmentId,
        /// What their system answered.
        receipt: Option<String>,
    },
    /// Handing over did not work yet.
    HandOverDelayed {
        /// To whom.
        department: DepartmentId,
        /// Why.
        why: String,
        /// When it is tried again.
        next_try_at: Timestamp,
    },
    /// Handing over failed for good; an operator looks at it.
    HandOverFailed {
        /// To whom.
        department: DepartmentId,
        /// Why.
        why: String,
    },
    /// The department takes it.
    Accepted {
        /// Who.
        department: DepartmentId,
        /// Its reporter was promised to be told so, by a day.
        #[serde(default, skip_serializing_if = "is_false")]
        acknowledges: bool,
    },
    /// The department says that it is not theirs.
    Rejected {
        /// Who.
        department: DepartmentId,
        /// Why, in plain words for the resident.
        reason: String,
    },
    /// A note for the resident.
    Note {
        /// Who wrote it.
        department: DepartmentId,
        /// The note.
        text: String,
    },
    /// A note among colleagues; never shown to the resident.
    InternalNote {
        /// Who wrote it.
        department: DepartmentId,
        /// The note.
        text: String,
    },
    /// The department says when it will be done.
    Planned {
        /// Who.
        department: DepartmentId,
        /// The day.
        on: Date,
        /// What they add.
        text: Option<String>,
    },
    /// The department says that it is done.
    Solved {
        /// Who.
        department: DepartmentId,
        /// What was done.
        text: Option<String>,
        /// Photos or documents that show it.
        evidence: Vec<String>,
    },
    /// One of several departments says that its part is done.
    PartSolved {
        /// Who.
        department: DepartmentId,
        /// What was done.
        text: Option<String>,
        /// Photos or documents that show it.
        evidence: Vec<String>,
    },
    /// Nobody will do it, with the reason.
    Declined {
        /// Who decided so.
        department: DepartmentId,
        /// Why, in plain words for the resident.
        reason: String,
    },
    /// The city's knowledge base answered it at once.
    Answered {
        /// Who has it when that did not help.
        department: DepartmentId,
        /// The article.
        article: Slug,
    },
    /// Somebody of the city corrected what it is about.
    Recategorised {
        /// What it was about.
        from: CategoryId,
        /// What it is about now.
        to: CategoryId,
    },
    /// Somebody outside the city does this.
    Referred {
        /// Who decided so.
        department: DepartmentId,
        /// Who does it, by name.
        to: String,
        /// Their telephone number.
        phone: Option<String>,
        /// Their web address.
        url: Option<String>,
        /// What else to tell.
        text: Option<String>,
    },
    /// The department asks the resident something; terms stand still.
    Asked {
        /// Who.
        department: DepartmentId,
        /// The question.
        text: String,
    },
    /// The resident answers.
    Replied {
        /// The answer.
        text: String,
    },
    /// A department from which nothing was heard was reminded.
    Reminded {
        /// Who.
        department: DepartmentId,
        /// The how manieth time.
        nth: u32,
    },
    /// A department stays silent: somebody in the city looks after it.
    Escalated {
        /// Who is silent.
        department: DepartmentId,
        /// Who looks after it.
        to: DepartmentId,
        /// Why.
        why: String,
    },
    /// It will take longer than was promised; said before the day is over.
    Slipping {
        /// Who has it.
        department: DepartmentId,
        /// The day that was promised.
        was: Date,
        /// The day that is expected now.
        expected: Option<Date>,
        /// When no day is known: by when the resident hears again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        news_by: Option<Date>,
        /// What the department adds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The resident says that it is not solved.
    Reopened {
        /// What the resident says.
        text: Option<String>,
        /// The report of whoever says so, when that is one that was merged into this case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Reference>,
    },
    /// It is about the same thing as another case, and goes on there.
    Merged {
        /// The main case.
        main: Uuid,
        /// What people call the main case.
        into: Reference,
        /// How far the main case was then.
        status: Status,
    },
    /// It is a case of its own again.
    Split {
        /// The case that it was merged into.
        from: Reference,
    },
    /// A department answered late about something that was already past; kept, changes nothing.
    Outdated {
        /// Who.
        department: DepartmentId,
        /// What they said: one of the words of `What`.
        said: String,
    },
}

impl What {
    /// The word of this event, as in JSON, in templates and in `case.<word>` routing keys.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Routed { .. } => "routed",
            Self::HandedOver { .. } => "handed_over",
            Self::HandOverDelayed { .. } => "hand_over_delayed",
            Self::HandOverFailed { .. } => "hand_over_failed",
            Self::Accepted { .. } => "accepted",
            Self::Rejected { .. } => "rejected",
            Self::Note { .. } => "note",
            Self::InternalNote { .. } => "internal_note",
            Self::Planned { .. } => "planned",
            Self::Solved { .. } => "solved",
            Self::PartSolved { .. } => "part_solved",
            Self::Declined { .. } => "declined",
            Self::Answered { .. } => "answered",
            Self::Recategorised { .. } => "recategorised",
            Self::Referred { .. } => "referred",
            Self::Asked { .. } => "asked",
            Self::Replied { .. } => "replied",
            Self::Reminded { .. } => "reminded",
            Self::Escalated { .. } => "escalated",
            Self::Slipping { .. } => "slipping",
            Self::Reopened { .. } => "reopened",
            Self::Merged { .. } => "merged",
            Self::Split { .. } => "split",
            Self::Outdated { .. } => "outdated",
        }
    }

    /// Whether residents see it on the timeline.
    pub fn is_public(&self) -> bool {
        !matches!(
            self,
            Self::InternalNote { .. } | Self::Outdated { .. } | Self::Reminded { .. } | Self::Escalated { .. }
        )
    }

    /// Whether somebody is told of it by a notice.
    pub fn is_told(&self) -> bool {
        matches!(
            self,
            Self::Received
                | Self::Routed { .. }
                | Self::Note { .. }
                | Self::Planned { .. }
                | Self::Solved { .. }
                | Self::Declined { .. }
                | Self::Answered { .. }
                | Self::Referred { .. }
                | Self::Asked { .. }
                | Self::Slipping { .. }
                | Self::Reopened { .. }
                | Self::Accepted { acknowledges: true, .. }
                | Self::Merged { .. }
                | Self::Split { .. }
        )
    }

    /// Whether who follows a case hears of this: what is between the city and the reporter is not theirs.
    pub fn is_for_followers(&self) -> bool {
        matches!(
            self,
            Self::Received
                | Self::Routed { .. }
                | Self::Planned { .. }
                | Self::Solved { .. }
                | Self::Declined { .. }
                | Self::Slipping { .. }
                | Self::Reopened { .. }
                | Self::Merged { .. }
                | Self::Split { .. }
        )
    }

    /// Whether who reported the same as a case hears of this in it. That it came in, or became a duplicate itself, is
    /// not theirs: of the latter they hear by their own case.
    pub fn is_for_duplicates(&self) -> bool {
        let own = matches!(self, Self::Received | Self::Merged { .. } | Self::Split { .. });
        // Where it ends elsewhere, whoever reported it has to know where.
        (self.is_for_followers() && !own) || matches!(self, Self::Referred { .. })
    }
}

impl CaseEvent {
    /// The letters that carry this event: to the notifier when somebody may have to be told, to
    /// the `events` lane when the city publishes its events (without notes among colleagues).
    pub fn letters(&self, told: bool, published: bool, trace: Trace) -> Vec<Letter> {
        let letter = |lane: Lane, name: &str| {
            let id = derived(&[name, &self.id.to_string()]);
            Letter::new(id, lane, Topic::CaseEvent, format!("case.{}", self.what.word()), self, trace, self.at)
                .about(self.case_id)
                .because(self.id)
        };
        let mut letters = Vec::new();
        if told && self.what.is_told() {
            letters.push(letter(Lane::notifier(), "notify"));
        }
        if published && self.what.is_public() {
            letters.push(letter(Lane::events(), "event"));
        }
        letters
    }
}
