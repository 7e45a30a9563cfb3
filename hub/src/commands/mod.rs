//! One file per command.

pub mod abuse;
pub mod answers;
pub mod audit;
pub mod broadcast;
pub mod broker;
pub mod cases;
pub mod check;
pub mod dead;
pub mod keys;
pub mod letters;
pub mod mail;
pub mod maintenance;
pub mod migrate;
pub mod notices;
pub mod open;
pub mod photos;
pub mod push;
pub mod rules;
pub mod staff;
pub mod suggest;
pub mod tasks;
pub mod texts;

use crate::{
    bench,
    cli::{Cli, Command},
    config::Config,
    conformance, demo, serve, simulate,
};
use clap::CommandFactory as _;

/// Runs the command.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let file = cli.config;
    let config = || Config::load(file.as_deref());
    match cli.command {
        Command::Serve(args) => serve::run(args, config()?).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Check(args) => check::run(args, &config()?),
        Command::Maintenance(args) => maintenance::run(args, &config()?),
        Command::Texts(args) => texts::run(&args, &config()?),
        Command::Migrate(args) => migrate::run(args, &config()?).await,
        Command::Rules(command) => rules::run(command, &config()?).await,
        Command::Suggest(command) => suggest::run(command, &config()?).await,
        Command::Cases(command) => cases::run(command, &config()?).await,
        Command::Answers(args) => answers::run(args, &config()?).await,
        Command::Tasks(command) => tasks::run(command, &config()?).await,
        Command::Letters(command) => letters::run(command, &config()?).await,
        Command::Notices(command) => notices::run(command, &config()?).await,
        Command::Photos(command) => photos::run(command, &config()?).await,
        Command::Abuse(command) => abuse::run(command, &config()?).await,
        Command::Keys(command) => keys::run(command, &config()?).await,
        Command::Staff(command) => staff::run(command, &config()?).await,
        Command::Audit(args) => audit::run(args, &config()?).await,
        Command::Broadcast(command) => broadcast::run(command, &config()?).await,
        Command::Mail(command) => mail::run(command, &config()?).await,
        Command::Dead(command) => dead::run(command, &config()?).await,
        Command::Push(command) => push::run(&command),
        Command::Broker(command) => broker::run(command, &config()?).await,
        Command::Simulate(command) => simulate::run(command, &config()?).await,
        Command::Conformance(args) => conformance::run(args, &config()?).await,
        Command::Bench(args) => bench::run(args).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "voordeur", &mut std::io::stdout());
            Ok(())
        }
    }
}
