//! What a person sees on a terminal: colour when there is one, progress when it takes long.
//! Results go to stdout, everything else to stderr.

use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fmt::Display,
    io::{IsTerminal as _, Write as _},
};

/// Writes one line of a result to stdout. Nobody reading any more (`| head`) is no fault.
pub fn line(line: impl Display) {
    _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// [`line`], with arguments as `println!` takes them.
macro_rules! say {
    ($($words:tt)*) => { $crate::output::line(format_args!($($words)*)) };
}
pub(crate) use say;

/// Paints text, or leaves it plain.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Colour when stdout is a terminal and nobody said `NO_COLOR` (no-color.org).
    pub fn stdout() -> Self {
        Self { on: std::io::stdout().is_terminal() && wanted() }
    }

    /// Colour when stderr is a terminal and nobody said `NO_COLOR`.
    pub fn stderr() -> Self {
        Self { on: std::io::stderr().is_terminal() && wanted() }
    }

    fn code(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Stands out.
    pub fn bold(self, text: &str) -> String {
        self.code("1", text)
    }

    /// Stands back.
    pub fn dim(self, text: &str) -> String {
        self.code("2", text)
    }

    /// Good.
    pub fn green(self, text: &str) -> String {
        self.code("32", text)
    }

    /// Look here.
    pub fn yellow(self, text: &str) -> String {
        self.code("33", text)
    }

    /// Wrong.
    pub fn red(self, text: &str) -> String {
        self.code("31", text)
    }

    /// A link or a name.
    pub fn cyan(self, text: &str) -> String {
        self.code("36", text)
    }

    /// Whether anything is painted.
    pub fn is_on(self) -> bool {
        self.on
    }
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A bar on stderr for `total` steps of `what`; hidden when stderr is not a terminal.
pub fn bar(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar:.cyan/dim} {pos}/{len} {eta:>4}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// `1 letter`, `2 letters`.
pub fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}
