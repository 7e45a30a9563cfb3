//! How fast a department's own system is called: `at_once` and `per_second`, beside the settings of
//! any adapter. They are read here, once for all; an adapter never sees them.

use bus::LaneSettings;
use schemas::fault::Invalid;
use serde_json::Value;

/// How fast a department's own system is called.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pace {
    /// How many calls at once, 1 to 64; the adapter's own number when left out.
    pub at_once: Option<usize>,
    /// At most so many calls per second and process, 0.001 to 10,000; no limit when left out. After
    /// an outage the work that waited goes out at this rate, too.
    pub per_second: Option<f64>,
}

impl Pace {
    /// Takes the two keys out of an adapter's settings; every fault is named.
    pub fn split(settings: &Value) -> (Self, Value, Vec<Invalid>) {
        let (mut pace, mut faults) = (Self::default(), Vec::new());
        let mut rest = settings.clone();
        let Value::Object(fields) = &mut rest else { return (pace, rest, faults) };
        let mut wrong = |field: &str, message| faults.push(Invalid::new(field, "out_of_range", message));
        if let Some(value) = fields.remove("at_once") {
            pace.at_once = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=64).contains(n));
            if pace.at_once.is_none() {
                wrong("/at_once", "write a whole number from 1 to 64");
            }
        }
        if let Some(value) = fields.remove("per_second") {
            pace.per_second = value.as_f64().filter(|rate| (0.001..=10_000.0).contains(rate));
            if pace.per_second.is_none() {
                wrong("/per_second", "write a number from 0.001 to 10000");
            }
        }
        (pace, rest, faults)
    }

    /// The settings of a lane, at this pace.
    pub fn set(self, mut lane: LaneSettings) -> LaneSettings {
        lane.concurrency = self.at_once.unwrap_or(lane.concurrency);
        lane.rate_per_second = self.per_second.or(lane.rate_per_second);
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_pace_is_taken_out_and_the_rest_is_left() {
        let (pace, rest, faults) = Pace::split(&json!({"url": "x", "at_once": 2, "per_second": 0.5}));
        assert_eq!(pace, Pace { at_once: Some(2), per_second: Some(0.5) });
        assert_eq!((rest, faults.len()), (json!({"url": "x"}), 0));
        assert_eq!(Pace::split(&Value::Null), (Pace::default(), Value::Null, Vec::new()));
        let lane = pace.set(LaneSettings::default());
        assert_eq!((lane.concurrency, lane.rate_per_second), (2, Some(0.5)));
        assert_eq!(Pace::default().set(LaneSettings::default()), LaneSettings::default());
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (settings, field) in [
            (json!({"at_once": 0}), "/at_once"),
            (json!({"at_once": 65}), "/at_once"),
            (json!({"at_once": "many"}), "/at_once"),
            (json!({"per_second": 0}), "/per_second"),
            (json!({"per_second": 10_001}), "/per_second"),
        ] {
            let (_, _, faults) = Pace::split(&settings);
            assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), [field], "{settings}");
        }
    }
}
