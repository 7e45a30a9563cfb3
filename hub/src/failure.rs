//! How this program fails: what went wrong, why, and what to do about it.

use std::fmt::{self, Write as _};

/// A failure that says what to do next. Wrapped in [`anyhow::Error`]; [`render`] finds it there.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub what: String,
    /// What to do about it.
    pub help: String,
    /// The way the program was called or configured is wrong, rather than the world.
    pub usage: bool,
}

impl Failure {
    /// Something went wrong.
    pub fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), usage: false }
    }

    /// The command or the configuration is wrong: exit code 2.
    pub fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(what, help) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// Adds what to do to an error, keeping the error as the cause.
pub trait Advise<T> {
    /// `what` went wrong; `help` says what to do.
    fn advise(self, what: impl Into<String>, help: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Advise<T> for Result<T, E> {
    fn advise(self, what: impl Into<String>, help: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| error.into().context(Failure::new(what, help)))
    }
}

/// The error as it is shown: what, because of what, and what to do.
pub fn render(error: &anyhow::Error) -> String {
    let mut out = format!("error: {error}\n");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        // Libraries repeat their cause in their own message; once is enough.
        if !last.contains(&text) {
            let _ = writeln!(out, "  because: {text}");
        }
        last = text;
    }
    if let Some(failure) = error.downcast_ref::<Failure>()
        && !failure.help.is_empty()
    {
        for (i, line) in failure.help.lines().enumerate() {
            let _ = writeln!(out, "{}{line}", if i == 0 { "  help: " } else { "        " });
        }
    }
    out
}

/// 2 when the command or the configuration is wrong, 1 otherwise.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.downcast_ref::<Failure>().is_some_and(|failure| failure.usage) { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_why_and_what_to_do() {
        let result: Result<(), std::io::Error> = Err(std::io::Error::other("address in use"));
        let error = result.advise("cannot listen on 127.0.0.1:1777", "choose another port with --listen").unwrap_err();
        let text = render(&error);
        assert_eq!(
            text,
            "error: cannot listen on 127.0.0.1:1777\n  because: address in use\n  help: choose another port with --listen\n"
        );
        assert_eq!(exit_code(&error), 1);
        assert_eq!(exit_code(&Failure::usage("a", "b").into()), 2);
    }
}
