//! Mail by SMTP (RFC 5321), over connections that are kept and without Nagle's delay.
//!
//! The one moment that matters is the final dot: before it was written the server has nothing,
//! after its answer the server has everything, and in between nobody can know. What was lost
//! there is [`Verdict::Unknown`]; it is sent again with the same Message-ID.

mod config;
mod dkim;
mod message;
mod pool;

pub use config::{MailConfig, Tls};
pub use dkim::DkimConfig;

use super::{Parcel, Sender};
use crate::links::NoticeLinks;
use async_trait::async_trait;
use bus::{Breaker, LaneSettings, Retry, UnknownPolicy};
use lettre::{
    Address,
    transport::smtp::{
        Error as SmtpError,
        client::AsyncSmtpConnection,
        commands::{Data, Mail as MailFrom, Rcpt, Rset},
        extension::{Extension, MailParameter},
        response::Response,
    },
};
use message::Letterhead;
use pool::{Lease, Pool};
use schemas::{
    city::City,
    verdict::{Fault, Verdict},
    way::Address as To,
};
use std::{
    error::Error as _,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::time::timeout;

/// The name of this sender.
pub const NAME: &str = "mail";

/// RFC 5321 §4.5.4.1 asks for 4 to 5 days.
const GIVE_UP_AFTER: Duration = Duration::from_hours(4 * 24);

/// How long the other side may take: RFC 5321 §4.5.3.2 asks for ten minutes after the final dot,
/// because a server that is still writing must not be asked to write it twice. Its five minutes
/// for other commands are from another age.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the connection, its greeting, TLS and login together.
    pub connect: Duration,
    /// For the answer to one command.
    pub command: Duration,
    /// For the message and the answer to its final dot.
    pub dot: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_mins(1), command: Duration::from_mins(2), dot: Duration::from_mins(10) }
    }
}

/// Sends mail through one server.
pub struct Mail {
    letterhead: Letterhead,
    pool: Pool,
    patience: Patience,
    max_connections: usize,
}

impl Mail {
    /// A sender by `config` for `city`. The error is a sentence that names the wrong setting.
    /// Nothing is connected yet.
    pub fn build(config: &MailConfig, city: &City, links: &NoticeLinks) -> Result<Self, String> {
        Self::with_patience(config, city, links, Patience::default())
    }

    /// The same, with another [`Patience`].
    pub fn with_patience(
        config: &MailConfig,
        city: &City,
        links: &NoticeLinks,
        patience: Patience,
    ) -> Result<Self, String> {
        if let Some(wrong) = config.check(city).into_iter().next() {
            return Err(wrong);
        }
        let letterhead = Letterhead::read(config, city, links)?;
        let pool = Pool::build(config, letterhead.domain(), patience.connect)?;
        Ok(Self { letterhead, pool, patience, max_connections: config.max_connections })
    }

    async fn try_send(&self, parcel: &Parcel) -> Verdict {
        let to = match &parcel.to {
            To::Email(text) => text.parse::<Address>().ok(),
            _ => None,
        };
        let to = match to {
            Some(address) => address,
            None => return Verdict::never(Fault::Address, "the address is not one that mail can be sent to"),
        };
        let bytes = match self.letterhead.write(parcel, &to) {
            Ok(bytes) => bytes,
            Err(why) => return Verdict::never(Fault::Ours, why),
        };
        let from = match self.letterhead.return_path(parcel.notice) {
            Ok(from) => from,
            Err(why) => return Verdict::never(Fault::Ours, why),
        };
        let mut may_be_stale = true;
        loop {
            let mut lease = match self.pool.lease(may_be_stale).await {
                Ok(lease) => lease,
                Err(why) => return Verdict::later(redacted(&why, &to)),
            };
            let (step, result) = self.hand_over(lease.connection(), &from, &to, &bytes).await;
            match result {
                Ok(response) => {
                    self.pool.put_back(lease);
                    return Verdict::receipt(redacted(&receipt(&response), &to));
                }
                // A kept connection that the server closed in the meantime: nothing was sent yet.
                Err(failure) if step == Step::From && lease.is_reused() && failure.is_gone() => {
                    may_be_stale = false;
                }
                Err(failure) => {
                    self.finish(lease, &failure).await;
                    return verdict(step, &failure, &to);
                }
            }
        }
    }

    /// Keeps the connection after a refusal, if the server lets us start over.
    async fn finish(&self, mut lease: Lease, failure: &Failure) {
        if failure.is_gone() || matches!(failure, Failure::Lost { .. }) {
            return;
        }
        if let Ok(Ok(_)) = timeout(self.patience.command, lease.connection().command(Rset)).await {
            self.pool.put_back(lease);
        }
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: &Address,
        bytes: &[u8],
    ) -> (Step, Result<Response, Failure>) {
        let mut parameters = Vec::new();
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !is_ascii(to) || !is_ascii(from) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let text = "the mail server takes no addresses outside ASCII (no SMTPUTF8)".to_owned();
                return (Step::To, Err(Failure::Said { code: 553, text }));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        macro_rules! say {
            ($step:expr, $command:expr) => {
                match timeout(self.patience.command, connection.command($command)).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return ($step, Err(Failure::from(error))),
                    Err(_) => return ($step, Err(Failure::silent("in time", false))),
                }
            };
        }
        say!(Step::From, MailFrom::new(Some(from.clone()), parameters));
        say!(Step::To, Rcpt::new(to.clone(), Vec::new()));
        say!(Step::Data, Data);
        // The iterator is asked for a second part only after the first was written to the last
        // byte; the next thing written is the final dot.
        let written = AtomicBool::new(false);
        let mut body = Some(bytes);
        let parts = std::iter::from_fn(|| {
            let part = body.take();
            written.store(part.is_none(), Ordering::Relaxed);
            part
        });
        let sent = timeout(self.patience.dot, connection.message_iter(parts)).await;
        let result = match sent {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Failure::from(error).after_dot(written.load(Ordering::Relaxed))),
            Err(_) => Err(Failure::silent("to the final dot", written.load(Ordering::Relaxed))),
        };
        (Step::Dot, result)
    }
}

#[async_trait]
impl Sender for Mail {
    async fn send(&self, parcel: &Parcel) -> Verdict {
        self.try_send(parcel).await
    }

    fn lane(&self) -> LaneSettings {
        LaneSettings {
            // A letter waits in the pool rather than in the table while the last mails are settled.
            concurrency: self.max_connections * 4,
            retry: Retry { first: Duration::from_secs(30), max: Duration::from_hours(1), give_up_after: GIVE_UP_AFTER },
            // Greylisting and full mailboxes look like failures too, and say nothing of the server.
            breaker: Breaker { failures: 20, ..Breaker::default() },
            unknown: UnknownPolicy::SendAgain,
            deadline: self.patience.connect + 3 * self.patience.command + self.patience.dot,
            ..LaneSettings::default()
        }
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

/// How far a mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    From,
    To,
    Data,
    Dot,
}

/// Why it came no further.
#[derive(Debug)]
enum Failure {
    /// The server answered with an error.
    Said { code: u16, text: String },
    /// The connection broke, or the server said nothing or nonsense.
    Lost { why: String, after_dot: bool },
}

impl Failure {
    fn silent(what: &str, after_dot: bool) -> Self {
        Self::Lost { why: format!("the mail server did not answer {what}"), after_dot }
    }

    fn after_dot(self, written: bool) -> Self {
        match self {
            Self::Lost { why, .. } => Self::Lost { why, after_dot: written },
            said => said,
        }
    }

    /// The connection is gone, or the server says that it is going (421).
    fn is_gone(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Said { code: 421, .. })
    }
}

impl From<SmtpError> for Failure {
    fn from(error: SmtpError) -> Self {
        match error.status() {
            Some(code) => {
                Self::Said { code: code.into(), text: error.source().map(ToString::to_string).unwrap_or_default() }
            }
            None => Self::Lost { why: format!("the connection to the mail server broke: {error}"), after_dot: false },
        }
    }
}

/// The verdict of a failure at `step`.
fn verdict(step: Step, failure: &Failure, to: &Address) -> Verdict {
    let (code, text) = match failure {
        Failure::Lost { why, after_dot: true } => return Verdict::Unknown { why: redacted(why, to) },
        Failure::Lost { why, after_dot: false } => return Verdict::later(redacted(why, to)),
        Failure::Said { code, text } => (*code, text),
    };
    let what = match step {
        Step::From => "the sender",
        Step::To => "the address",
        Step::Data | Step::Dot => "the mail",
    };
    let why = redacted(&format!("the mail server answered {code} to {what}: {text}"), to);
    // 5.7.x is policy: the address may be fine (RFC 3463 §3.8).
    let is_policy = text.split_whitespace().next().is_some_and(|word| word.starts_with("5.7."));
    match (code, step) {
        // Not about this mail: TLS or login is missing or wrong, which an operator will put right.
        (530 | 534 | 535 | 538, _) => Verdict::later(why),
        (500.., Step::To) if !is_policy => Verdict::never(Fault::Address, why),
        (500.., _) => Verdict::never(Fault::Refused, why),
        _ => Verdict::later(why),
    }
}

fn receipt(response: &Response) -> String {
    let text = response.message().collect::<Vec<_>>().join(" ");
    format!("{} {text}", response.code())
}

/// What a server says, without the address: operators read it, and it is kept.
fn redacted(text: &str, to: &Address) -> String {
    let (user, domain) = (to.user().to_lowercase(), to.domain().to_lowercase());
    let names = |word: &str| {
        let word = word.to_lowercase();
        word.contains('@') || word.contains(&domain) || (user.chars().count() > 2 && word.contains(&user))
    };
    let words = text.split_whitespace().map(|word| if names(word) { "(address)" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_verdicts() {
        let to: Address = "jo.peeters@example.org".parse().unwrap();
        for (step, code, text, expected) in [
            (Step::To, 550, "5.1.1 <jo.peeters@example.org>: User unknown", "never address"),
            (Step::To, 553, "no such mailbox", "never address"),
            (Step::To, 550, "5.7.1 blocked by policy", "never refused"),
            (Step::To, 450, "4.2.0 greylisted", "later"),
            (Step::To, 530, "5.7.0 Must issue a STARTTLS command first", "later"),
            (Step::From, 550, "sender refused", "never refused"),
            (Step::From, 421, "closing", "later"),
            (Step::From, 535, "5.7.8 login", "later"),
            (Step::Data, 554, "no valid recipients", "never refused"),
            (Step::Dot, 554, "5.7.1 spam", "never refused"),
            (Step::Dot, 452, "4.3.1 disk full", "later"),
        ] {
            let verdict = verdict(step, &Failure::Said { code, text: text.to_owned() }, &to);
            let word = match &verdict {
                Verdict::Never { fault: Fault::Address, .. } => "never address",
                Verdict::Never { fault: Fault::Refused, .. } => "never refused",
                other => other.word(),
            };
            assert_eq!(word, expected, "{step:?} {code} {text}");
            assert!(!format!("{verdict:?}").contains("peeters"), "{verdict:?}");
        }
    }

    #[test]
    fn only_the_final_dot_is_unknowable() {
        let to: Address = "jo@example.org".parse().unwrap();
        let lost = |after_dot| Failure::Lost { why: "broke".to_owned(), after_dot };
        assert_eq!(verdict(Step::Dot, &lost(false), &to).word(), "later");
        assert_eq!(verdict(Step::Dot, &lost(true), &to).word(), "unknown");
    }
}
