//! How far a case is, in the words of GeoReport v2 and of FixMyStreet; and what a status of theirs says to us. Pure.

use schemas::{case::Status, event::What, further::Word};

/// The status of a request: GeoReport has two.
pub fn status(status: Status) -> &'static str {
    if status.is_closed() { "closed" } else { "open" }
}

/// The status of a case in the words of the extension.
pub fn extended(status: Status) -> &'static str {
    match status {
        Status::Received | Status::Routed => "open",
        Status::Accepted => "in_progress",
        Status::Planned => "action_scheduled",
        Status::Waiting => "investigating",
        Status::Solved => "fixed",
        Status::Declined => "no_further_action",
        Status::Referred => "not_councils_responsibility",
        Status::Duplicate => "duplicate",
    }
}

/// The status after an event, in the words of the extension: an event that changes none keeps that of the case `now`.
/// Nothing for what is not told there.
pub fn after(what: &What, now: Status) -> Option<&'static str> {
    Some(match what {
        What::Accepted { .. } => extended(Status::Accepted),
        What::Planned { .. } => extended(Status::Planned),
        What::Asked { .. } => extended(Status::Waiting),
        What::Solved { .. } => extended(Status::Solved),
        What::Declined { .. } => extended(Status::Declined),
        What::Referred { .. } => extended(Status::Referred),
        What::Reopened { .. } | What::Split { .. } => extended(Status::Routed),
        What::Merged { .. } => extended(Status::Duplicate),
        What::Answered { .. } => "closed",
        What::PartSolved { .. } => extended(Status::Accepted),
        What::Note { .. } | What::Slipping { .. } => extended(now),
        What::Received
        | What::Routed { .. }
        | What::HandedOver { .. }
        | What::HandOverDelayed { .. }
        | What::HandOverFailed { .. }
        | What::Rejected { .. }
        | What::InternalNote { .. }
        | What::Recategorised { .. }
        | What::Replied { .. }
        | What::Reminded { .. }
        | What::Escalated { .. }
        | What::Outdated { .. } => return None,
    })
}

/// Words of [`What`] that [`after`] knows: what a list of updates holds for the channel of the report.
pub const TOLD: [&str; 13] = [
    "accepted",
    "planned",
    "asked",
    "solved",
    "declined",
    "referred",
    "reopened",
    "answered",
    "part_solved",
    "note",
    "slipping",
    "merged",
    "split",
];

/// Those of them that everybody may see, as on the public page of a case: what is between the city and the reporter is not
/// among them.
pub const PUBLIC: [&str; 7] = ["planned", "solved", "declined", "slipping", "reopened", "merged", "split"];

/// What a status that a client sends says beyond its words about a case at `now`, in the language of the report: a claim of
/// the resident's, which a person at the department judges. Most clients repeat what they heard from us last, which says
/// nothing new.
pub fn claim(status: &str, now: Status) -> Option<&'static Word> {
    let plain: String = status.trim().to_lowercase().replace([' ', '-'], "_");
    let words: Vec<&str> = plain.split('_').filter(|word| !word.is_empty()).collect();
    let solved = match words.first().copied()? {
        "fixed" | "closed" | "solved" if !now.is_closed() => true,
        "reopen" | "reopened" if now.is_closed() => false,
        _ => return None,
    };
    Some(if solved { &SOLVED } else { &NOT_SOLVED })
}

pub(crate) static SOLVED: Word = Word::new(
    "said-solved",
    [
        "De melder zegt dat dit is opgelost.",
        "La personne dit que le problème est résolu.",
        "The resident says that this is solved.",
    ],
);
pub(crate) static NOT_SOLVED: Word = Word::new(
    "said-not-solved",
    [
        "De melder zegt dat dit niet is opgelost.",
        "La personne dit que le problème n'est pas résolu.",
        "The resident says that this is not solved.",
    ],
);
