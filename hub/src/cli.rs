//! The command line.

mod abuse;
mod audit;
mod broadcast;
mod keys;
mod letters;
mod mail;
mod notices;
mod photos;
mod rules;
mod staff;
mod tasks;

pub use abuse::{AbuseCommand, ApproveArgs, HeldArgs, SenderArgs};
pub use audit::{AuditArgs, By, named};
pub use broadcast::{BroadcastCommand, BroadcastWho};
pub use keys::{KeysCommand, RevokeKeyArgs};
pub use letters::{LettersCommand, ListArgs as LetterListArgs, PrintArgs as LetterPrintArgs};
pub use mail::MailCommand;
pub use notices::{
    About, Address, ForgetArgs, NoticesCommand, PreviewArgs, StatsArgs, StopArgs, SuppressedCommand, WhyArgs,
};
pub use photos::{EraseArgs, OriginalArgs, PhotosCommand};
pub use rules::{ActivateArgs, ExplainArgs, HistoryArgs, ReplayArgs, RollbackArgs, RulesCommand};
pub use staff::{AddStaffArgs, StaffCommand, WhichStaffArgs};
pub use tasks::{ListArgs as TaskListArgs, TasksCommand, Who};

use crate::{
    bench::BenchArgs,
    commands::{answers::AnswersArgs, cases::CasesCommand, suggest::SuggestCommand},
    conformance::ConformanceArgs,
    simulate::SimulateCommand,
};
use clap::{Args, Parser, Subcommand, ValueEnum as _};
use std::{net::SocketAddr, path::PathBuf};

const AFTER: &str = "\
Begin here:
  voordeur demo                       a sample city at http://127.0.0.1:1777, with reports
  voordeur check --city my-city       is my city folder right?
  voordeur serve --config my.toml     the real thing

Every setting is explained in deploy/voordeur.toml and can be set in the environment:
  VOORDEUR__WEB__LISTEN=0.0.0.0:80    [web] listen
  VOORDEUR__MAIL__PASSWORD_FILE=/run/secrets/smtp   a secret, read from a file

Exit codes: 0 it worked, 1 it did not, 2 the command or the configuration is wrong.";

/// The front desk of a city: one door for every report, question and idea.
#[derive(Debug, Parser)]
#[command(name = "voordeur", version, about, after_help = AFTER, max_term_width = 100)]
pub struct Cli {
    /// The configuration file [default: ./voordeur.toml when it is there]
    #[arg(long, global = true, value_name = "FILE", env = "VOORDEUR_CONFIG")]
    pub config: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the door: run the hub, or some of its roles, until told to stop
    Serve(ServeArgs),
    /// Show it: a sample city on this machine, with reports that walk through the whole house
    Demo(DemoArgs),
    /// Check a city folder, and say of each fault where it is and what to write instead
    Check(CheckArgs),
    /// Bring the database up to date
    Migrate(MigrateArgs),
    /// Print the page that a reverse proxy shows while the hub is away
    #[command(after_help = "Example: voordeur maintenance --city my-city > /var/www/maintenance.html")]
    Maintenance(MaintenanceArgs),
    /// Write the texts of a further language, for somebody to translate
    #[command(after_help = "Example: voordeur texts de --city my-city --write")]
    Texts(TextsArgs),
    /// Try the rules, put them in force, take them back, see why a report went where it went
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Which articles of the knowledge base answer, and whether they help
    Answers(AnswersArgs),
    /// Put right what is wrong about one case
    #[command(subcommand)]
    Cases(CasesCommand),
    /// Which category words are likely about, and how often that is right
    #[command(subcommand)]
    Suggest(SuggestCommand),
    /// What people do for departments that no machine reaches: forms, calls, the answers to them
    #[command(subcommand)]
    Tasks(TasksCommand),
    /// Letters on paper: a batch for the print room, what is in the post, what came back
    #[command(subcommand)]
    Letters(LettersCommand),
    /// What residents are sent: why, and why not; how it reads; no more of it; forget an address
    #[command(subcommand)]
    Notices(NoticesCommand),
    /// Photos of residents: as they were sent, erase them, move them to another place
    #[command(subcommand)]
    Photos(PhotosCommand),
    /// Against abuse: what is held, who is blocked, what becomes public
    #[command(subcommand)]
    Abuse(AbuseCommand),
    /// Keys of programs that bring reports in: make, list, revoke
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Accounts of people of the city: make, list, disable, give a new link
    #[command(subcommand)]
    Staff(StaffCommand),
    /// What people of the city did: who, when, to what, and why
    Audit(AuditArgs),
    /// Tell many people one thing: everybody with a place in an area, or who follows something
    #[command(subcommand)]
    Broadcast(BroadcastCommand),
    /// Mails that a mail server handed over and that nobody understood: look, read once more, or forget
    #[command(subcommand)]
    Mail(MailCommand),
    /// Letters that could not be delivered: look, send again, or throw away
    #[command(subcommand)]
    Dead(DeadCommand),
    /// Push messages to browsers and apps
    #[command(subcommand)]
    Push(PushCommand),
    /// Set up RabbitMQ: queues, policies, users
    #[command(subcommand)]
    Broker(BrokerCommand),
    /// Play a department against a hub that runs: also one that is slow, down, or repeats itself
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// Judge a department that is connected to a hub that runs: does it do what the hub relies on?
    Conformance(ConformanceArgs),
    /// Measure this build beside what the machine could do at most
    Bench(BenchArgs),
    /// Print a completion script for your shell
    #[command(after_help = "Example: voordeur completions bash > ~/.local/share/bash-completion/completions/voordeur")]
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

/// One part of the hub's work; each can run in a process of its own, several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Role {
    /// The pages, the HTTP API and the photos
    Web,
    /// Decides which department a report goes to
    Router,
    /// Plans and sends what people are told
    Notifier,
    /// Hands work to departments' own systems and reads their answers
    Adapters,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Web, Self::Router, Self::Notifier, Self::Adapters];

    /// The role as it is written on the command line and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Router => "router",
            Self::Notifier => "notifier",
            Self::Adapters => "adapters",
        }
    }
}

/// How to serve.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur serve                                  everything in one process, on SQLite
  voordeur serve --roles router,notifier          two roles; needs PostgreSQL

Stops in order on SIGTERM or Ctrl-C: takes nothing new, finishes what is in hand, leaves nothing claimed.")]
pub struct ServeArgs {
    /// Which roles run in this process: web, router, notifier, adapters [default: all of them]
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…", default_values_t = ["web".to_owned(), "router".to_owned(), "notifier".to_owned(), "adapters".to_owned()], hide_default_value = true, value_parser = role_name)]
    pub roles: Vec<String>,
}

fn role_name(text: &str) -> Result<String, String> {
    Role::from_str(text, false)
        .map(|role| role.as_str().to_owned())
        .map_err(|_| "there is no such role: choose from web, router, notifier, adapters".to_owned())
}

impl ServeArgs {
    /// The roles, each once.
    pub fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.roles.iter().any(|name| name == role.as_str())).collect()
    }
}

/// How to show it.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur demo                    stays up; click around, stop with Ctrl-C
  voordeur demo --once --json      plays the same reports, prints one summary and stops

Needs no server and leaves nothing behind: its database is a temporary file, unless --data names a folder.")]
pub struct DemoArgs {
    /// Stop when every report has arrived; fail when one did not
    #[arg(long)]
    pub once: bool,
    /// With --once: print only one JSON summary on stdout
    #[arg(long, requires = "once")]
    pub json: bool,
    /// Where to open the door [default: 127.0.0.1:1777; with --once any free port if that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Keep the database in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Give up when the reports have not all arrived after this long
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub deadline: u64,
}

/// Which city to check.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur check --city my-city
  voordeur check --city my-city --json | jq '.faults[].message'")]
pub struct CheckArgs {
    /// The city folder [default: the one of the configuration, or else the built-in sample]
    #[arg(long, value_name = "DIR")]
    pub city: Option<PathBuf>,
    /// Print the faults as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Fail on warnings too
    #[arg(long)]
    pub strict: bool,
}

/// Which language is written.
#[derive(Debug, Clone, Args)]
pub struct TextsArgs {
    /// The language: two letters of ISO 639-1, `de`
    pub language: String,
    /// The city folder [default: the one of the configuration, or else the built-in sample]
    #[arg(long, value_name = "DIR")]
    pub city: Option<PathBuf>,
    /// The built-in language to translate from: nl, fr or en
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub from: String,
    /// Write the file `texts/` of the folder, with what is translated kept, instead of printing it
    #[arg(long)]
    pub write: bool,
}

/// What the page of maintenance says.
#[derive(Debug, Clone, Args)]
pub struct MaintenanceArgs {
    /// The city folder [default: the one of the configuration, or else the built-in sample]
    #[arg(long, value_name = "DIR")]
    pub city: Option<PathBuf>,
    /// When everything answers again, on the clocks of the city [default: as `maintenance` of city.yaml says]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// How to migrate.
#[derive(Debug, Clone, Args)]
pub struct MigrateArgs {
    /// Only say what would be done
    #[arg(long)]
    pub status: bool,
}

/// Which dead letters.
#[derive(Debug, Clone, Default, Args)]
pub struct DeadSelection {
    /// Only letters of this lane: `dept.fluvius-net`, `send.mail`, …
    #[arg(long)]
    pub lane: Option<String>,
    /// Only letters buried before this moment: 2026-11-30 or 2026-11-30T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    /// Only letters buried after this moment
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// Only what goes to this department, or comes from it
    #[arg(long, value_name = "ID")]
    pub department: Option<schemas::slug::DepartmentId>,
    /// Only letters whose reason holds these words: `410 Gone`
    #[arg(long, value_name = "WORDS")]
    pub why: Option<String>,
    /// Only letters about the case with this reference: 1234-5671
    #[arg(long, value_name = "REFERENCE")]
    pub reference: Option<String>,
    /// Only letters about cases of this category: groen/boom, or groen/* for the whole group
    #[arg(long, value_name = "CATEGORY")]
    pub category: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 1000)]
    pub limit: u32,
}

/// Which dead letters, and whether really.
#[derive(Debug, Clone, Args)]
pub struct DeadAction {
    /// These letters; without any, all that the filters select
    #[arg(value_name = "ID")]
    pub ids: Vec<schemas::Uuid>,
    /// The filters
    #[command(flatten)]
    pub select: DeadSelection,
    /// Who acts
    #[command(flatten)]
    pub by: By,
    /// Why you do this, for `voordeur audit`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Yes, exactly this many: must be the number of letters meant, so that nobody acts on more
    /// than they saw
    #[arg(long, value_name = "COUNT")]
    pub confirm: Option<u64>,
}

/// What to do with dead letters.
#[derive(Debug, Clone, Subcommand)]
pub enum DeadCommand {
    /// List them with their reasons
    List {
        /// The filters
        #[command(flatten)]
        select: DeadSelection,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// One letter: its reason, its attempts, what it is about
    Show {
        /// Its id, from `dead list`
        id: schemas::Uuid,
        /// Show its body too: may hold personal data
        #[arg(long)]
        body: bool,
    },
    /// Send them again, in the order they were written
    #[command(after_help = "Examples:
  voordeur dead replay --lane dept.fluvius-net --dry-run
  voordeur dead replay --lane dept.fluvius-net --confirm 12
  voordeur dead replay --department fluvius-net --why \"410 Gone\" --category 'lighting/*' --dry-run")]
    Replay(DeadAction),
    /// Throw them away
    #[command(after_help = "Example: voordeur dead drop 0190d2c4-… --confirm 1")]
    Drop(DeadAction),
}

/// What to do with the broker.
#[derive(Debug, Clone, Subcommand)]
pub enum BrokerCommand {
    /// Print the queues, exchanges and policies as JSON for `rabbitmqctl import_definitions`
    Definitions {
        /// Declare them on the broker of the configuration instead of printing; all but the policies,
        /// which only `rabbitmqctl` can make
        #[arg(long)]
        apply: bool,
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
    },
    /// Print the commands that make the services' user and one per department and channel, each with only its own rights
    #[command(after_help = "Example: voordeur broker users --channel my-app")]
    Users {
        /// A channel that sends reports over RabbitMQ; may be given several times
        #[arg(long, value_name = "NAME")]
        channel: Vec<schemas::slug::Channel>,
        /// The city folder [default: as in `check`]
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
    },
}

/// What to do about push messages.
#[derive(Debug, Clone, Subcommand)]
pub enum PushCommand {
    /// Make the key that browsers know the city by, and say where it goes
    #[command(after_help = "Examples:
  voordeur push keys --out /run/secrets/push.pem    into a file that only you can read
  voordeur push keys --of /run/secrets/push.pem     the public half of a key that is there")]
    Keys {
        /// Write the private key into this file, which must not be there yet [default: print it]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Make nothing: print the public half of the key in this file
        #[arg(long, value_name = "FILE", conflicts_with = "out")]
        of: Option<PathBuf>,
    },
}
