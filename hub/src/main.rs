//! `voordeur`: the front desk of a city. See `voordeur --help`.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = hub::cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the asynchronous runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(hub::run(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("{}", hub::failure::render(&error));
            ExitCode::from(hub::failure::exit_code(&error))
        }
    }
}
