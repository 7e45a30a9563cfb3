//! `voordeur audit`: its words; and who does what a command does.

use crate::failure::Failure;
use clap::Args;

/// Who acts.
#[derive(Debug, Clone, Default, Args)]
pub struct By {
    /// Who you are, for `voordeur audit` [default: the account that runs this]
    #[arg(long, value_name = "NAME", env = "VOORDEUR_OPERATOR")]
    pub by: Option<String>,
}

impl By {
    /// The name, or the account of this machine.
    ///
    /// # Errors
    /// When a name was given that says nothing, or is longer than 100 characters.
    pub fn who(&self) -> Result<String, Failure> {
        match &self.by {
            Some(by) => named(by).map(str::to_owned),
            None => {
                let set = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
                let account = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(set);
                Ok(account.map_or_else(|| "an account without a name".to_owned(), |name| format!("account {name}")))
            }
        }
    }
}

/// `by` without the spaces around it.
///
/// # Errors
/// When it says nothing, or is longer than 100 characters.
pub fn named(by: &str) -> Result<&str, Failure> {
    let by = by.trim();
    if by.is_empty() || by.chars().count() > 100 {
        return Err(Failure::usage("--by does not say who", "write your name, at most 100 characters"));
    }
    Ok(by)
}

/// Which deeds.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur audit --since 2026-11-01
  voordeur audit --who An --deed notices.forget
  voordeur audit --what 1234-5670 --json | jq '.audit[].who'

Whoever acts names themselves with --by; commands without it note the account that ran them. An entry is written with
its effect, or not at all, and never changed. An address stands here by its key, as in `voordeur notices suppressed list`.")]
pub struct AuditArgs {
    /// Since this day or moment: 2026-11-30 or 2026-11-30T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only of this person
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Only this: notices.stop, dead.drop, rules.activate, …
    #[arg(long, value_name = "DEED")]
    pub deed: Option<String>,
    /// Only what was done to this: a reference, an id, a version, the key of an address
    #[arg(long, value_name = "TEXT")]
    pub what: Option<String>,
    /// At most this many, the newest first
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_something() {
        let by = |by: &str| By { by: Some(by.to_owned()) };
        assert_eq!(by("  An ").who().unwrap(), "An");
        assert!(by(" ").who().is_err() && by(&"a".repeat(101)).who().is_err());
        assert!(!By::default().who().unwrap().is_empty());
    }
}
