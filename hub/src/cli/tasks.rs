//! `voordeur tasks …`: its words.

use clap::{Args, Subcommand};
use schemas::{Uuid, slug::DepartmentId};

/// What to do with tasks.
#[derive(Debug, Clone, Subcommand)]
pub enum TasksCommand {
    /// What waits for somebody: forms to fill in, calls to make, silent departments to look after
    List(ListArgs),
    /// One task: its fields ready to copy, whom to call, what to say. Shows personal data
    Show {
        /// Its id, from `tasks list`
        id: Uuid,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say that you are at it
    Take {
        /// Which, and who
        #[command(flatten)]
        who: Who,
        /// Also when somebody else is at it
        #[arg(long)]
        take_over: bool,
    },
    /// A call: somebody on call takes it
    #[command(after_help = "Example: voordeur tasks confirm 0190d2c4-… --by An --taken-by 'Jan, night watch'")]
    Confirm {
        /// Which, and who
        #[command(flatten)]
        who: Who,
        /// Who takes it
        #[arg(long, value_name = "NAME")]
        taken_by: String,
    },
    /// A form: it gave this number
    #[command(after_help = "Example: voordeur tasks number 0190d2c4-… --by An --number WEG-118")]
    Number {
        /// Which, and who
        #[command(flatten)]
        who: Who,
        /// Their number of the case
        #[arg(long, value_name = "NUMBER")]
        number: String,
        /// In the place of another number that was recorded before
        #[arg(long)]
        replace: bool,
    },
    /// A resident to tell something: how it went
    #[command(after_help = "Example: voordeur tasks told 0190d2c4-… --by An no-answer")]
    Told {
        /// Which, and who
        #[command(flatten)]
        who: Who,
        /// reached (a letter: it is in the post), no-answer, wrong (number or address), or unwanted (not this way)
        outcome: String,
    },
    /// Nothing is left to do: the department has it
    Done {
        /// Which, and who
        #[command(flatten)]
        who: Who,
        /// How it ended, in a few words
        #[arg(long, value_name = "WORDS")]
        outcome: String,
    },
    /// It cannot be passed on to this department: the rules decide again without it
    CouldNot {
        /// Which, and who
        #[command(flatten)]
        who: Who,
        /// Why; the resident reads this
        #[arg(long, value_name = "WORDS")]
        reason: String,
    },
    /// Enter what the department answers
    #[command(after_help = "Examples:
  voordeur tasks answer 0190d2c4-… --by An plan --on 2026-12-03 --text 'With the crane'
  voordeur tasks answer 0190d2c4-… --by An done")]
    Answer {
        /// Which, and who
        #[command(flatten)]
        who: Who,
        /// accept, plan, done, reject, note, internal_note or ask
        what: String,
        /// The day, for plan: 2026-12-03
        #[arg(long, value_name = "DAY")]
        on: Option<String>,
        /// Their words; for reject, the reason
        #[arg(long, value_name = "WORDS")]
        text: Option<String>,
        /// It matters for somebody's safety, now: the resident gets it at once, at night too. Only where the city lets the
        /// department say so
        #[arg(long)]
        critical: bool,
    },
}

/// Which task, and who acts.
#[derive(Debug, Clone, Args)]
pub struct Who {
    /// Its id, from `tasks list`
    pub id: Uuid,
    /// Who you are; stands in the case among colleagues
    #[arg(long, value_name = "NAME", env = "VOORDEUR_OPERATOR")]
    pub by: String,
}

/// Which tasks.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  voordeur tasks list --desk contactcentrum
  voordeur tasks list --json | jq -r '.tasks[].id'")]
pub struct ListArgs {
    /// Only of this desk: a department of the city
    #[arg(long, value_name = "ID")]
    pub desk: Option<DepartmentId>,
    /// Those that are over, too
    #[arg(long)]
    pub all: bool,
    /// At most this many
    #[arg(long, default_value_t = 200)]
    pub limit: u16,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
