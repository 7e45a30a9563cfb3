//! How people prove that an address is theirs.

use std::time::Duration;

/// How people prove that an address is theirs, and how many messages that may cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proving {
    /// So many hours the link in the message is good for.
    pub link: u32,
    /// So many minutes the code in it is.
    pub code: u32,
    /// The most messages to one address in an hour.
    pub hour: u32,
    /// The most in a day; to an address where messages were stopped, or came back, one.
    pub day: u32,
    /// The most text messages in an hour to all of the city: each costs money.
    pub sms: u32,
}

impl Default for Proving {
    fn default() -> Self {
        Self { link: 24, code: 15, hour: 3, day: 10, sms: 200 }
    }
}

impl Proving {
    /// So many wrong codes are one too many.
    pub const TRIES: u32 = 5;

    /// How long the link is good.
    pub fn link(&self) -> Duration {
        Duration::from_secs(3600 * u64::from(self.link))
    }

    /// How long the code is good.
    pub fn code(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.code))
    }
}
