//! How long departments, and residents who were asked something, may be silent.

/// How the clock deals with departments: working days on the city's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A department may be silent so long before it is reminded; for ever when 0.
    pub silent: u32,
    /// So many reminders, as far apart, before somebody in the city looks after it.
    pub reminders: u32,
    /// A slip of the promised day is told so long before.
    pub warn: u32,
    /// After a slip, the resident hears again within so long.
    pub news: u32,
    /// A resident who was asked something may think so long before being asked once more; as long
    /// after that, the department goes on without the answer.
    pub answer: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silent: 2, reminders: 2, warn: 1, news: 10, answer: 5 }
    }
}
