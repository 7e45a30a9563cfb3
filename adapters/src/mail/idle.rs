//! Waits for news of one folder of the mailbox (IMAP IDLE, RFC 2177), so that a mail is read when it comes and not when
//! the next look is due. Whoever reads looks from time to time all the same: a server without IDLE, or one that is
//! away, costs time and nothing else.

use super::imap::{self, Config, Imap};
use async_imap::extensions::idle::IdleResponse;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A server may hang up after half an hour of silence (RFC 2177 §3).
const RENEW: Duration = Duration::from_mins(20);
/// How long an answer to a command may take.
const ANSWER: Duration = Duration::from_secs(30);
/// The first pause after a connection broke, doubled each time.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// How often a server that has no IDLE is asked whether it has it now.
const WITHOUT: Duration = Duration::from_hours(1);

/// How a wait ended.
enum End {
    /// The server has no IDLE.
    Without,
    /// Whoever runs this stops.
    Stopped,
}

/// Waits for news of `folder` until `stop`, and calls `news` at each, and whenever a connection is made: what came while
/// there was none is news, too.
pub async fn watch<F: Future<Output = ()>>(
    config: &Config,
    folder: &str,
    news: impl Fn() -> F,
    stop: CancellationToken,
) {
    let mut pause = PAUSE;
    while !stop.is_cancelled() {
        let mut connected = false;
        match wait(config, folder, &news, &mut connected, &stop).await {
            Ok(End::Stopped) => return,
            Ok(End::Without) => {
                tracing::info!(folder, "the mailbox tells no news by itself (no IDLE): it is looked into now and then");
                pause = WITHOUT;
            }
            Err(why) => {
                tracing::debug!(folder, why, "the line to the mailbox broke; it is made again");
                pause = if connected { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            }
        }
        _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

async fn wait<F: Future<Output = ()>>(
    config: &Config,
    folder: &str,
    news: &impl Fn() -> F,
    connected: &mut bool,
    stop: &CancellationToken,
) -> Result<End, String> {
    let mut session = imap::enter(config).await?;
    let broke = |error: async_imap::error::Error| error.to_string();
    if !session.capabilities().await.map_err(broke)?.has_str("IDLE") {
        _ = timeout(ANSWER, session.logout()).await;
        return Ok(End::Without);
    }
    imap::select(&mut session, folder).await?;
    *connected = true;
    loop {
        // Before the next wait: what came since the folder was looked at is told by the wait itself.
        news().await;
        let Some(back) = idle(session, stop).await? else { return Ok(End::Stopped) };
        session = back;
    }
}

/// Waits once; `None` when whoever runs this stops.
async fn idle(session: Imap, stop: &CancellationToken) -> Result<Option<Imap>, String> {
    let late = |_| "the mailbox does not answer".to_owned();
    let broke = |error: async_imap::error::Error| error.to_string();
    let mut idle = session.idle();
    timeout(ANSWER, idle.init()).await.map_err(late)?.map_err(broke)?;
    let ended = {
        let (waiting, _interrupt) = idle.wait_with_timeout(RENEW);
        stop.run_until_cancelled(waiting).await
    };
    let told = match ended {
        Some(ended) => ended.map_err(broke)?,
        None => IdleResponse::ManualInterrupt,
    };
    let mut session = timeout(ANSWER, idle.done()).await.map_err(late)?.map_err(broke)?;
    if stop.is_cancelled() {
        _ = timeout(ANSWER, session.logout()).await;
        return Ok(None);
    }
    match told {
        // The stream ended: a connection that is gone is made again.
        IdleResponse::ManualInterrupt => Err("it hung up".to_owned()),
        IdleResponse::Timeout | IdleResponse::NewData(_) => Ok(Some(session)),
    }
}
