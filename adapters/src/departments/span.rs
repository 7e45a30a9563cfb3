//! Spans of time in `departments.yaml`, as people write them: `90s`, `15m`, `2h`, `7d`.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::time::Duration;

/// Reads a span of time.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no span of time: write 90s, 15m, 2h or 7d")))
}

fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return None,
    };
    number.trim().parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("15m", 900), (" 2h ", 7_200), ("7d", 604_800)] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "15", "1.5h", "-1m", "15 minuten", "é", "99999999999999999d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
