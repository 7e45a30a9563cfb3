//! Mails over one connection to a local sink.

use super::Row;

/// Mails per second.
pub async fn rows(_quick: bool) -> anyhow::Result<Vec<Row>> {
    Ok(Vec::new())
}
