//! `voordeur serve`: runs until told to stop.

use crate::{
    cli::ServeArgs,
    config::Config,
    failure::Failure,
    hub::{Hub, Parts},
    telemetry,
};

/// Starts the roles and waits for SIGTERM or Ctrl-C.
pub async fn run(args: ServeArgs, config: Config) -> anyhow::Result<()> {
    telemetry::start_logs(&config.log)?;
    let roles = args.roles();
    let parts = Parts::from_config(&config, roles.clone()).await?;
    let running = Hub::start(config, parts).await?;
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let shown = |address: Option<std::net::SocketAddr>| address.map(|address| address.to_string());
    tracing::info!(
        roles = names.join(","),
        web = shown(running.web),
        ops = shown(running.ops),
        carrier = running.bus.health().what,
        "the door is open"
    );
    signal().await?;
    tokio::select! {
        stopped = running.stop() => stopped,
        again = signal() => {
            again?;
            Err(Failure::new("told to stop twice: stopped without waiting", "what was in hand is done again by whoever runs next").into())
        }
    }
}

/// Returns on the first SIGTERM or SIGINT (Ctrl-C).
pub async fn signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    Ok(())
}
