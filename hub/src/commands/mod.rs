//! One file per command.

use crate::{
    bench,
    cli::{Cli, Command},
    config::Config,
    failure::Failure,
};
use clap::CommandFactory as _;

/// Runs the command.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let file = cli.config;
    let config = || Config::load(file.as_deref());
    match cli.command {
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "voordeur", &mut std::io::stdout());
            Ok(())
        }
        Command::Bench(args) => bench::run(args).await,
        _ => {
            config()?;
            Err(Failure::new("this build cannot do that yet", "use a newer one").into())
        }
    }
}
