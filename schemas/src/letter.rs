//! The envelope of everything that travels inside the house. One letter = one recipient = one
//! verdict = one retry.

use crate::{slug::Slug, trace::Trace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{fmt, sync::Arc};
use uuid::Uuid;

/// What a letter is about: the closed list of everything that can travel. The body of each is
/// the type named beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Topic {
    /// A stored report waits for a decision; body [`crate::report::Received`].
    #[serde(rename = "report.received")]
    ReportReceived,
    /// A channel integration submits a report; body [`crate::submission::Submission`].
    #[serde(rename = "report.submitted")]
    ReportSubmitted,
    /// Something happened to a case; body [`crate::event::CaseEvent`].
    #[serde(rename = "case.event")]
    CaseEvent,
    /// Work for a department; body [`crate::dispatch::Dispatch`].
    #[serde(rename = "department.dispatch")]
    DepartmentDispatch,
    /// A department's answer; body [`crate::dispatch::Update`].
    #[serde(rename = "department.update")]
    DepartmentUpdate,
    /// A notice is due to be sent; body [`crate::notice::Due`].
    #[serde(rename = "notice.due")]
    NoticeDue,
    /// A notice did not reach its person; body [`crate::notice::Failed`].
    #[serde(rename = "notice.failed")]
    NoticeFailed,
    /// A provider says what became of a notice; body [`crate::notice::Heard`].
    #[serde(rename = "notice.heard")]
    NoticeHeard,
    /// A broadcast goes on; body [`crate::broadcast::Step`].
    #[serde(rename = "broadcast.step")]
    BroadcastStep,
    /// A channel hears of a case that came by it; body [`crate::channel::CaseChanged`].
    #[serde(rename = "case.changed")]
    CaseChanged,
    /// A channel hears of a message to who reported; body [`crate::channel::NoticeChanged`].
    #[serde(rename = "notice.changed")]
    NoticeChanged,
    /// Something that came in and could not be used; body [`crate::letter::Refused`].
    #[serde(rename = "letter.refused")]
    Refused,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 12] = [
        Self::ReportReceived,
        Self::ReportSubmitted,
        Self::CaseEvent,
        Self::DepartmentDispatch,
        Self::DepartmentUpdate,
        Self::NoticeDue,
        Self::NoticeFailed,
        Self::NoticeHeard,
        Self::BroadcastStep,
        Self::CaseChanged,
        Self::NoticeChanged,
        Self::Refused,
    ];

    /// The topic as it is written in letters, columns and CloudEvents types.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReportReceived => "report.received",
            Self::ReportSubmitted => "report.submitted",
            Self::CaseEvent => "case.event",
            Self::DepartmentDispatch => "department.dispatch",
            Self::DepartmentUpdate => "department.update",
            Self::NoticeDue => "notice.due",
            Self::NoticeFailed => "notice.failed",
            Self::NoticeHeard => "notice.heard",
            Self::BroadcastStep => "broadcast.step",
            Self::CaseChanged => "case.changed",
            Self::NoticeChanged => "notice.changed",
            Self::Refused => "letter.refused",
        }
    }

    /// Reads [`Topic::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }
}

/// A line of letters with one reader: it has its own order, speed and breaker, so that one slow
/// reader never blocks another. Written `name` or `name.part`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lane(Arc<str>);

impl Lane {
    /// The lane written `text`.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }
    /// Stored reports that wait for a decision.
    pub fn router() -> Self {
        Self::new("router")
    }
    /// Reports that channel integrations submit.
    pub fn intake() -> Self {
        Self::new("intake")
    }
    /// Case events that may have to be told to somebody.
    pub fn notifier() -> Self {
        Self::new("notifier")
    }
    /// Answers of departments.
    pub fn updates() -> Self {
        Self::new("updates")
    }
    /// Case events for everyone the city lets subscribe.
    pub fn events() -> Self {
        Self::new("events")
    }
    /// What was refused at the door, with its reason.
    pub fn dead() -> Self {
        Self::new("dead")
    }
    /// Work that we push to a department through an adapter (`webhook`, `sandbox`, …).
    pub fn department(id: &Slug) -> Self {
        Self(format!("dept.{id}").into())
    }
    /// Work that a department fetches from its own queue.
    pub fn queue(id: &Slug) -> Self {
        Self(format!("queue.{id}").into())
    }
    /// Notices for one sender (`mail`, `letterbox`, …).
    pub fn sender(name: &str) -> Self {
        Self(format!("send.{name}").into())
    }
    /// Questions to the other side of a sender: what became of a notice.
    pub fn asking(name: &str) -> Self {
        Self(format!("ask.{name}").into())
    }
    /// What a channel integration is told of the reports that came by it.
    pub fn channel(id: &Slug) -> Self {
        Self(format!("channel.{id}").into())
    }
    /// The lane's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The department of a `dept.` or `queue.` lane.
    pub fn department_id(&self) -> Option<Slug> {
        let (kind, id) = self.0.split_once('.')?;
        matches!(kind, "dept" | "queue").then(|| Slug::new(id).ok()).flatten()
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    /// Stays the same on every retry and replay; readers dedupe by it.
    pub id: Uuid,
    /// Whose letter it is.
    pub lane: Lane,
    /// What it is about.
    pub topic: Topic,
    /// The tail of the AMQP routing key: `report`, `report.urgent`, `case.routed`, …
    pub subject: String,
    /// The case it belongs to, when there is one already.
    pub case_id: Option<Uuid>,
    /// JSON of the type named at [`Topic`].
    pub body: Arc<RawValue>,
    /// The letter or event that made us write this one.
    pub cause: Option<Uuid>,
    /// The walk it belongs to.
    pub trace: Trace,
    /// How many tries were made before this one.
    pub attempt: u32,
    /// When it was first written.
    pub posted_at: Timestamp,
    /// Not before: a retry, a quiet hour, a schedule. `None` = at once.
    pub ready_at: Option<Timestamp>,
}

impl Letter {
    /// A fresh letter that is ready at once.
    ///
    /// # Panics
    /// Never: the words of this crate always serialise.
    pub fn new(
        id: Uuid,
        lane: Lane,
        topic: Topic,
        subject: impl Into<String>,
        body: &impl Serialize,
        trace: Trace,
        now: Timestamp,
    ) -> Self {
        let body = serde_json::value::to_raw_value(body).expect("words serialise: string keys, finite numbers");
        Self {
            id,
            lane,
            topic,
            subject: subject.into(),
            case_id: None,
            body: body.into(),
            cause: None,
            trace,
            attempt: 0,
            posted_at: now,
            ready_at: None,
        }
    }

    /// The same letter, about `case`.
    pub fn about(mut self, case: Uuid) -> Self {
        self.case_id = Some(case);
        self
    }

    /// The same letter, caused by `cause`.
    pub fn because(mut self, cause: Uuid) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The body as the type its topic names.
    pub fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.body.get())
    }
}

/// Something that arrived at a door and could not be used, kept so that a person can look at it.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Refused {
    /// Where it arrived: a queue or a path.
    pub door: String,
    /// What is wrong, naming the field.
    pub why: String,
    /// The routing key or header that named its sender.
    pub sender: String,
    /// The sender's own message id, if it had one.
    pub message_id: Option<String>,
    /// The bytes as they came, base64 (RFC 4648 §4), at most 64 KiB of them.
    pub body_base64: String,
}
