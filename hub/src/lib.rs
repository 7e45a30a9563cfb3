//! The one program, `voordeur`: reads the configuration, builds the roles out of the other crates,
//! starts them, keeps them running and stops them in order. The library half lets tests build a
//! whole hub inside one process.

#![expect(clippy::print_stdout, reason = "a command line program prints its results")]

mod base_map;
pub mod bench;
pub mod city;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod conformance;
pub mod demo;
pub mod failure;
pub mod hub;
pub mod output;
pub mod replay;
pub mod roles;
pub mod rules;
pub mod serve;
pub mod simulate;
pub mod suggestion;
pub mod supervise;
pub mod telemetry;

pub use hub::{Hub, Parts, Running};

/// Runs the command that `cli` asks for.
pub async fn run(cli: cli::Cli) -> anyhow::Result<()> {
    // One TLS for mail, broker, database and web hooks. Set already means that it is the same one.
    _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    commands::run(cli).await
}
