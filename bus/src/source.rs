//! Where a loop gets its letters, and where it says that they are settled: the letters table, or
//! a queue of RabbitMQ. The loops do not know which.

use crate::{rabbit::consume::LaneConsumer, table::TableSource};
use schemas::{letter::Letter, verdict::Verdict};

/// What came out of a source at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The letters, in the order in which they came.
    pub(crate) letters: Vec<Letter>,
    /// One per letter.
    pub(crate) tickets: Vec<Ticket>,
    /// What came and is not for the handler; the loop settles it as it says and goes on.
    pub(crate) aside: Vec<Aside>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.letters.is_empty() && self.aside.is_empty()
    }
}

/// What a source needs to know about a letter that it gave.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    /// The broker's number of the delivery; 0 for the table.
    pub(crate) tag: u64,
    /// The broker gave it to somebody before, who did not say what became of it.
    pub(crate) redelivered: bool,
    /// Where an answer goes.
    pub(crate) reply: Option<ReplyTo>,
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplyTo {
    pub(crate) queue: String,
    pub(crate) correlation: Option<String>,
}

/// Something that came in and is not given to the handler.
#[derive(Debug)]
pub(crate) struct Aside {
    /// A letter of topic `letter.refused`, or the letter itself.
    pub(crate) letter: Letter,
    pub(crate) verdict: Verdict,
    pub(crate) ticket: Ticket,
}

/// Why nothing could be taken. Nothing is counted; the loop waits and tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the broker: {0}")]
    Broker(String),
}

impl From<lapin::Error> for Trouble {
    fn from(error: lapin::Error) -> Self {
        Self::Broker(error.to_string())
    }
}

pub(crate) enum Source {
    Table(TableSource),
    Rabbit(Box<LaneConsumer>),
}

impl Source {
    /// Takes what is there, at most `max`; for a `trial` whether the other side is back one letter, from the table one that was
    /// tried before if it can be (a queue gives what comes first). Never dropped half-way by the loops.
    pub(crate) async fn take(&mut self, max: usize, trial: bool) -> Result<Batch, Trouble> {
        match self {
            Self::Table(table) => table.take(max, trial).await,
            Self::Rabbit(consumer) => consumer.take(max).await,
        }
    }

    /// Returns when there may be something to take. May be dropped half-way.
    pub(crate) async fn wait(&mut self) {
        match self {
            Self::Table(table) => table.wait().await,
            Self::Rabbit(consumer) => consumer.wait().await,
        }
    }

    /// The letters with these tags are settled and committed.
    pub(crate) async fn settled(&mut self, tags: impl Iterator<Item = u64>) {
        if let Self::Rabbit(consumer) = self {
            consumer.settled(tags).await;
        }
    }

    /// These letters were taken and will not be handled now. True when they are back where they came
    /// from; false when the caller must keep them.
    pub(crate) async fn give_back(&mut self, letters: &[Letter]) -> bool {
        match self {
            Self::Table(table) => {
                table.give_back(letters).await;
                true
            }
            Self::Rabbit(_) => false,
        }
    }

    /// Stops receiving, and gives what was received and not taken; the next take starts again.
    pub(crate) async fn pause(&mut self) -> Batch {
        match self {
            Self::Table(_) => Batch::default(),
            Self::Rabbit(consumer) => consumer.pause().await,
        }
    }

    /// The letters are rows, and settling must delete them. Letters of a broker have no row any
    /// more (the relay deletes it).
    pub(crate) fn is_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }

    /// The letter that tells those outside of `letter`'s burial, when it came from outside.
    pub(crate) fn obituary(&self, letter: &Letter, why: &str) -> Option<Letter> {
        match self {
            Self::Table(_) => None,
            Self::Rabbit(consumer) => consumer.obituary(letter, why),
        }
    }

    /// Answers whoever asked for an answer.
    pub(crate) fn reply(&self, to: &ReplyTo, body: Vec<u8>) {
        if let Self::Rabbit(consumer) = self {
            consumer.reply(to, body);
        }
    }
}
