//! Waiting for something to be true, with an end: tests never sleep and hope.

use std::time::{Duration, Instant};

/// Asks `ready` again and again until it gives a value or `deadline` has passed; `what` says what
/// was waited for.
pub async fn until<T, F>(what: &str, deadline: Duration, mut ready: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let start = Instant::now();
    let mut last = None;
    loop {
        match ready().await {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(error) => last = Some(error),
        }
        if start.elapsed() > deadline {
            let last = last.map(|e| format!(" (last error: {e:#})")).unwrap_or_default();
            anyhow::bail!("waited {deadline:?} in vain for {what}{last}");
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
