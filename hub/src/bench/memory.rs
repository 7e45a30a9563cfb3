//! What this process weighs.

use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The memory that this process holds, in megabytes (10⁶ bytes): `VmRSS` of `/proc/self/status` (proc(5)). `None`
/// where there is no such file.
pub fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1_024.0 / 1e6)
}

/// The most it held at any half second until `stop`, in megabytes.
pub async fn peak_until(stop: CancellationToken) -> Option<f64> {
    let mut peak = resident();
    while tokio::time::timeout(Duration::from_millis(500), stop.cancelled()).await.is_err() {
        peak = peak.into_iter().chain(resident()).reduce(f64::max);
    }
    peak
}
