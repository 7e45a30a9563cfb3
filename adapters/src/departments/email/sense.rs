//! Makes sense of mails, whoever brings them: answers, mails that came back, programs that answer for whoever is
//! away, and what residents write. A mail speaks for a department or for who was told only if it holds a token that
//! this city gave out; who it says it is from does not matter, as anybody can write that. What nobody understands goes
//! to the door ([`Door`]), if the city has one.

use super::{hear, letter, words::Words};
use crate::{
    answer_link::{is_over, newest},
    happened::{Fate, Happened},
    intake::mail::{Door, Outcome, Visit},
    links::Links,
    mail::{
        bounce::{self, Report},
        message::{self, Incoming, What},
        reply::ReplyAddress,
    },
    rounds::Went,
};
use bytes::Bytes;
use schemas::{
    Timestamp, Uuid,
    case::Case,
    dispatch::Update,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{self, HeardState, Notice, REPORTER},
    reply::wrote_with,
    report::Language,
    trace::Trace,
    wish::Wish,
};
use std::collections::HashMap;
use store::{DispatchRow, NoticeTokens, Shown, Store};

/// What mails are understood by.
#[derive(Clone)]
pub struct Sense {
    /// Where answers come in.
    pub replies: ReplyAddress,
    /// Tokens of dispatches.
    pub links: Links,
    /// Tokens of notices.
    pub tokens: NoticeTokens,
    /// In which notes among colleagues are written.
    pub language: Language,
    /// The rows.
    pub store: Store,
    /// Where residents' mails become reports; `None` when they do not.
    pub door: Option<Door>,
}

/// A mail that came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    /// When our own mail server took it, in seconds since 1970; nothing when it does not say.
    pub at: Option<i64>,
    /// The mail, or as much of it as was read.
    pub bytes: Bytes,
}

/// What one mail came to.
#[derive(Default)]
struct Heard {
    updates: Vec<Update>,
    happened: Vec<Happened>,
    letter: Option<Letter>,
    /// Whose report it is about, and that they showed where they are told.
    shown: Option<(Uuid, Shown)>,
    /// For the metric.
    outcome: &'static str,
}

/// The dispatch that a mail is about, its case, and all dispatches of that.
struct About {
    dispatch: Uuid,
    case: Case,
    rows: Vec<DispatchRow>,
}

impl Sense {
    /// The notice to a resident that a mail is about: by the address that it came to, and by nothing else,
    /// as what a mail is called can be known by others than who got it.
    fn notice(&self, mail: &Incoming) -> Option<Uuid> {
        mail.to.iter().filter_map(|to| self.tokens.read_bounce(&self.replies.token(to)?)).next()
    }

    /// The notice to a resident that a mail answers, by the address that it came to.
    fn answered(&self, mail: &Incoming) -> Option<Uuid> {
        mail.to.iter().filter_map(|to| self.tokens.read_answer(&self.replies.token(to)?)).next()
    }

    /// What a resident answers to `notice` goes to who has the case, or is the wish to hear no more. A program
    /// that answers for them says nothing of either.
    fn answer(
        &self,
        mail: &Incoming,
        notice: Uuid,
        of: Option<&Notice>,
        added: Option<(String, Vec<Uuid>)>,
        (at, now): (Timestamp, Timestamp),
    ) -> Heard {
        let (text, files) = match &mail.what {
            What::Words { text, files } => (text, files),
            What::Automatic { .. } => return Heard { outcome: "automatic", ..Heard::default() },
            // Servers that send what came back to who is to be answered.
            What::Report(_) => return Self::hear_of_notice(mail, notice, at, now),
        };
        let asked = if text.trim().is_empty() { &mail.subject } else { text };
        let id = derived(&["written by mail", &notice.to_string(), &mail.key.to_string()]);
        if Wish::read(asked) == Some(Wish::Stop) {
            let (state, why, provider) = (HeardState::Stopped, Some("STOP by mail".to_owned()), "mail".to_owned());
            let said = notice::Heard { notice: Some(notice), provider, number: None, state, why, at };
            let letter =
                Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", &said, Trace::start(), now);
            return Heard { letter: Some(letter), outcome: "stopped", ..Heard::default() };
        }
        // Who only follows a case has no say in it: a person looks at what they write.
        let Some(of) = of.filter(|of| of.person == REPORTER) else {
            return Heard { outcome: "unmatched", ..Heard::default() };
        };
        let (words, photos) = added.unwrap_or_else(|| match files.is_empty() {
            true => (text.clone(), Vec::new()),
            false => (format!("{text}\n\n{}: {}", Words::of(self.language).attached, files.join(", ")), Vec::new()),
        });
        match wrote_with(of.case_id, id, &words, photos, Trace::start(), now) {
            Some(letter) => {
                // Only this address was given the one that they wrote to.
                let shown = mail.from.clone().map(|from| (of.case_id, Shown::Mail(from)));
                Heard { letter: Some(letter), shown, outcome: "written", ..Heard::default() }
            }
            None => Heard { outcome: "empty", ..Heard::default() },
        }
    }

    /// What a mail about `notice` tells the notifier, which knows what follows from it.
    fn hear_of_notice(mail: &Incoming, notice: Uuid, at: Timestamp, now: Timestamp) -> Heard {
        let (state, why, outcome) = match &mail.what {
            What::Report(Report::Failed { why, .. }) if bounce::is_dead(why) => {
                (HeardState::Dead, Some(why), "notice_dead")
            }
            What::Report(Report::Failed { why, .. }) => (HeardState::Failed, Some(why), "notice_failed"),
            What::Report(Report::Complained { why }) => (HeardState::Complained, Some(why), "notice_complained"),
            What::Report(Report::Delayed) => (HeardState::Trying, None, "notice_delayed"),
            What::Report(Report::Arrived) => return Heard { outcome: "arrived", ..Heard::default() },
            What::Automatic { .. } => return Heard { outcome: "automatic", ..Heard::default() },
            // Nobody is asked to write there: a person looks at it.
            What::Words { .. } => return Heard { outcome: "unmatched", ..Heard::default() },
        };
        let id = derived(&["heard by mail", &notice.to_string(), &mail.key.to_string()]);
        let (notice, why, provider) = (Some(notice), why.cloned(), "mail".to_owned());
        let said = notice::Heard { notice, provider, number: None, state, why, at };
        let letter = Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", &said, Trace::start(), now);
        Heard { letter: Some(letter), outcome, ..Heard::default() }
    }

    /// The dispatch that a mail is about: by the address that it came to, or by what it answers.
    fn dispatch(&self, mail: &Incoming) -> Option<Uuid> {
        let by_address = mail.to.iter().filter_map(|to| self.replies.token(to));
        let found = by_address.filter_map(|token| self.links.read_reply(&token)).next();
        found.or_else(|| mail.about.iter().find_map(|id| letter::dispatch_of(&self.links, id)))
    }

    fn hear(&self, mail: &Incoming, about: Option<&About>, at: Timestamp, now: Timestamp) -> Heard {
        let Some(About { dispatch, case, rows }) = about else {
            return Heard { outcome: "unmatched", ..Heard::default() };
        };
        let words = Words::of(self.language);
        let id = derived(&["mailed", &case.id.to_string(), &dispatch.to_string(), &mail.key.to_string()]);
        let happened = |fate| vec![Happened { id, dispatch: *dispatch, fate }];
        match &mail.what {
            What::Words { text, files } => {
                let Some(row) = newest(rows, *dispatch, at) else {
                    return Heard { outcome: "unmatched", ..Heard::default() };
                };
                if is_over(row, case, now) {
                    // Too long ago to speak for the city: a person looks at it.
                    return Heard { outcome: "unmatched", ..Heard::default() };
                }
                let said = hear::says(text, files, words.attached, words.cut);
                if said.is_empty() {
                    // Nothing that could be read: a person looks at it.
                    return Heard { outcome: "empty", ..Heard::default() };
                }
                let updates = said.into_iter().enumerate().map(|(n, say)| Update {
                    critical: false,
                    id: format!("mail-{id}-{n}"),
                    department: row.department.clone(),
                    dispatch: row.id,
                    at,
                    say,
                });
                Heard { updates: updates.collect(), outcome: "answer", ..Heard::default() }
            }
            What::Automatic { text } => {
                let said = [mail.subject.as_str(), text.as_str()].join("\n");
                let text = schemas::text::clean(&format!("{}: {said}", words.out_of_office));
                Heard { happened: happened(Fate::Noted { text }), outcome: "automatic", ..Heard::default() }
            }
            What::Report(Report::Failed { why, who }) => {
                let text = schemas::text::clean(&format!("{}: {why}", words.came_back));
                let fate = Fate::CameBack { why: why.clone(), who: who.clone(), text };
                Heard { happened: happened(fate), outcome: "came_back", ..Heard::default() }
            }
            What::Report(Report::Delayed) => Heard { outcome: "delayed", ..Heard::default() },
            What::Report(Report::Arrived) => Heard { outcome: "arrived", ..Heard::default() },
            // A department that calls its work spam: a person looks at it.
            What::Report(Report::Complained { .. }) => Heard { outcome: "unmatched", ..Heard::default() },
        }
    }

    /// What the dispatches with these ids are about. No connection is open meanwhile.
    async fn abouts(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, About>, store::Error> {
        let mut abouts = HashMap::new();
        if ids.is_empty() {
            return Ok(abouts);
        }
        let peeks = self.store.begin().await?.peek_dispatches(ids).await?;
        for (dispatch, peek) in peeks {
            let Some(case) = self.store.case(peek.case_id).await? else { continue };
            let rows = self.store.dispatches_of(peek.case_id).await?;
            abouts.insert(dispatch, About { dispatch, case, rows });
        }
        Ok(abouts)
    }

    /// The notices with these ids.
    async fn notices(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Notice>, store::Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = self.store.begin().await?.notices(ids).await?;
        Ok(rows.into_iter().map(|(id, row)| (id, row.notice)).collect())
    }

    /// What `mails` come to, together and one by one: a word for each, for the operator. A mail that stays where a
    /// person looks is told by [`stays`]. Nothing is committed, so they may be brought again.
    pub(crate) async fn make(&self, mails: Vec<Came>) -> Result<(Went, Vec<&'static str>), String> {
        let now = self.store.clock().now();
        let mut read: Vec<(Incoming, Came)> = Vec::with_capacity(mails.len());
        for came in mails {
            let bytes = came.bytes.clone();
            // Megabytes of anything: other work goes on meanwhile, and one that the parser stumbles over sinks no other.
            let mail = tokio::task::spawn_blocking(move || message::read(&bytes)).await;
            read.push((mail.unwrap_or_else(|_| message::unreadable(&came.bytes)), came));
        }
        let ids: Vec<Uuid> = read.iter().filter_map(|(mail, _)| self.dispatch(mail)).collect();
        let answered: Vec<Uuid> = read.iter().filter_map(|(mail, _)| self.answered(mail)).collect();
        let wrong = |error: store::Error| format!("the rows cannot be read: {error}");
        let abouts = self.abouts(&ids).await.map_err(wrong)?;
        let notices = self.notices(&answered).await.map_err(wrong)?;
        let (mut went, mut outcomes, mut visit) = (Went::default(), Vec::new(), Visit::default());
        for (mail, came) in read {
            let about = self.dispatch(&mail).and_then(|id| abouts.get(&id));
            let at = said_at(came.at, now);
            let heard = match (self.notice(&mail), self.answered(&mail), about, &self.door) {
                (Some(notice), ..) => Self::hear_of_notice(&mail, notice, at, now),
                (None, Some(notice), _, door) => {
                    let of = notices.get(&notice);
                    // Only the reporter adds to a case.
                    let added = match (door, of.filter(|of| of.person == REPORTER)) {
                        (Some(door), Some(of)) => {
                            Some(door.added(&mail, &came.bytes, of.language).await.map_err(wrong)?)
                        }
                        _ => None,
                    };
                    self.answer(&mail, notice, of, added, (at, now))
                }
                (None, None, None, Some(door)) => {
                    let outcome = door.receive(&mail, &came.bytes, &mut visit, now).await;
                    Self::received(outcome.map_err(wrong)?, &mut went)
                }
                (None, None, about, _) => self.hear(&mail, about, at, now),
            };
            metrics::counter!("voordeur_mailbox_mails_total", "outcome" => heard.outcome).increment(1);
            tracing::info!(
                mail = %mail.key, outcome = heard.outcome, case = ?about.map(|about| about.case.id),
                "a mail was read"
            );
            outcomes.push(heard.outcome);
            went.updates.extend(heard.updates);
            went.happened.extend(heard.happened);
            went.letters.extend(heard.letter);
            went.shown.extend(heard.shown);
        }
        Ok((went, outcomes))
    }

    /// What the door made of a mail.
    fn received(outcome: Outcome, went: &mut Went) -> Heard {
        let (outcome, letter) = match outcome {
            Outcome::Report(new, row) => {
                went.reports.push(*new);
                went.mails_in.push(row);
                ("reported", None)
            }
            Outcome::Wrote(letter, row) => {
                went.mails_in.push(row);
                ("written", Some(letter))
            }
            Outcome::Again => ("again", None),
            Outcome::Not(why) => (why, None),
        };
        Heard { letter, outcome, ..Heard::default() }
    }
}

/// Whether a mail with this outcome stays where a person looks. What programs wrote for nobody does not.
pub(crate) fn stays(outcome: &str) -> bool {
    matches!(
        outcome,
        "unmatched" | "empty" | "too_many" | "no_address" | "no_reply" | "refused" | "unreadable" | "report"
    )
}

/// When it was said: when our own mail server took it, as the clock of whoever wrote it may be anything.
/// The server tells the second; the end of it counts, so that an answer is never older than one that
/// was given by a link a moment before.
pub(super) fn said_at(taken: Option<i64>, now: Timestamp) -> Timestamp {
    let end =
        taken.and_then(|second| Timestamp::from_microsecond(second.checked_add(1)?.checked_mul(1_000_000)? - 1).ok());
    end.map_or(now, |end| end.min(now))
}
