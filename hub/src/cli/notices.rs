//! `voordeur notices …`: its words.

use clap::{Args, Subcommand};

/// What to do with notices.
#[derive(Debug, Clone, Subcommand)]
pub enum NoticesCommand {
    /// Why somebody was told, and why not: rule, wish, words, every try, what the provider said
    Why(WhyArgs),
    /// How a message reads: its words, what a text message costs, how plain it is
    Preview(PreviewArgs),
    /// How many there were by each way, how they fared, how soon they went, and what they cost
    Stats(StatsArgs),
    /// Addresses that are not told something, and why
    #[command(subcommand)]
    Suppressed(SuppressedCommand),
    /// Somebody calls: no more messages to this address
    Stop(StopArgs),
    /// Forget what was said in old notices and of them, now instead of within the hour; the ledger stays
    Prune {
        /// Only say how much would be forgotten
        #[arg(long)]
        dry_run: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Somebody calls: forget this address, wherever they would be told at it
    Forget(ForgetArgs),
}

/// Which notices to count.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur notices stats
  voordeur notices stats --since 2026-11-01 --until 2026-12-01 --json

`in 10 s`: how many of those that were sent left within ten seconds of when they were due. What is told together counts once.")]
pub struct StatsArgs {
    /// Only what was planned since this day
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,
    /// Only what was planned before this day
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// About what.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur notices why 1234-5670
  voordeur notices why 1234-5670 --person reporter --json
  voordeur notices why 0190d2c4-7b1e-7c3a-9f52-0f6f1f0c9a11

What was sent is shown as it was decided then. Why something was not sent is decided anew by what is known now.
Addresses are masked.")]
pub struct WhyArgs {
    /// The reference of a case, or the id of a notice
    #[arg(value_name = "REF|NOTICE-ID")]
    pub about: String,
    /// Only this person: `reporter`, or an id
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which message.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur notices preview received
  voordeur notices preview solved --lang fr --way sms
  voordeur notices preview planned --case 1234-5670 --way email --html > planned.html

A score of 60 and more is plain. Hints are advice: a formula counts words and syllables, it does not understand them.
With --case the message is made of what really happened, and may show personal data.")]
pub struct PreviewArgs {
    /// The event that it tells: received, routed, planned, note, solved, declined, answered, referred, asked, slipping, reopened,
    /// broadcast
    pub template: String,
    /// In which language of the city: nl, fr, en, or a further one [default: that of the case, or else the city's own]
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<String>,
    /// Which way it goes: email, sms, push, letter, call
    #[arg(long, value_name = "WAY", default_value = "email")]
    pub way: String,
    /// As this case's reporter gets it: its reference
    #[arg(long, value_name = "REF")]
    pub case: Option<String>,
    /// With only what is always there
    #[arg(long, conflicts_with = "case")]
    pub bare: bool,
    /// Print the HTML of the mail alone
    #[arg(long, conflicts_with = "json")]
    pub html: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Whose address.
#[derive(Debug, Clone, Args)]
pub struct Address {
    /// A mail address
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// A telephone number, for messages and calls
    #[arg(long, value_name = "NUMBER")]
    pub phone: Option<String>,
}

/// Of what.
#[derive(Debug, Clone, Args)]
pub struct About {
    /// Of this case: its reference
    #[arg(long, value_name = "REF")]
    pub case: Option<String>,
    /// Of this category, or group of them: wegen/put, wegen
    #[arg(long, value_name = "TOPIC", conflicts_with = "case")]
    pub topic: Option<String>,
    /// Of this district
    #[arg(long, value_name = "AREA", conflicts_with_all = ["case", "topic"])]
    pub area: Option<String>,
}

/// What to do with addresses that are not told something.
#[derive(Debug, Clone, Subcommand)]
pub enum SuppressedCommand {
    /// What an address is not told, since when, until when, and why; without an address the newest of all
    #[command(after_help = "Examples:
  voordeur notices suppressed list --email jo@example.org
  voordeur notices suppressed list --json | jq '.suppressed[].reason'")]
    List {
        /// Whose
        #[command(flatten)]
        address: Address,
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: u16,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Tell them again
    #[command(after_help = "Examples:
  voordeur notices suppressed lift --email jo@example.org --by An
  voordeur notices suppressed lift --phone '0470 12 34 56' --case 1234-5670 --by An")]
    Lift {
        /// Whose
        #[command(flatten)]
        address: Address,
        /// Of what; without any, what was stopped for everything
        #[command(flatten)]
        about: About,
        /// Who says so; for `voordeur audit`
        #[arg(long, value_name = "NAME", env = "VOORDEUR_OPERATOR")]
        by: String,
    },
}

/// Who does not want to be told, and of what.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur notices stop --email jo@example.org --by An
  voordeur notices stop --phone '0470 12 34 56' --case 1234-5670 --by An --words 'called today'
  voordeur notices stop --email jo@example.org --topic wegen --until 2027-01-01 --by An

It counts for every way this person is told, and for critical news, too.")]
pub struct StopArgs {
    /// Whose
    #[command(flatten)]
    pub address: Address,
    /// Of what; without any, of everything
    #[command(flatten)]
    pub about: About,
    /// Who writes it down; for `voordeur audit`
    #[arg(long, value_name = "NAME", env = "VOORDEUR_OPERATOR")]
    pub by: String,
    /// In their own words, without the address
    #[arg(long, value_name = "WORDS")]
    pub words: Option<String>,
    /// Until this day begins: 2027-01-01; without it until somebody lifts it
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
}

/// Whom to forget.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur notices forget --email jo@example.org --by An --dry-run
  voordeur notices forget --email jo@example.org --by An

The address goes from reports, from what people follow, and from the sandbox; somebody whose last address it was follows
nothing any more. What the address was not told stays known: by a key that does not tell the address.")]
pub struct ForgetArgs {
    /// Whose
    #[command(flatten)]
    pub address: Address,
    /// Who says so; for `voordeur audit`
    #[arg(long, value_name = "NAME", env = "VOORDEUR_OPERATOR")]
    pub by: String,
    /// Only say what would be forgotten
    #[arg(long)]
    pub dry_run: bool,
}
