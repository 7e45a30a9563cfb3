//! Goes round what is held: what nobody looked at in time is let through, so that nothing is lost; what waits for long
//! alarms.

use crate::{
    intake::guard::{Config, LATELY},
    rounds::{Round, Went},
};
use async_trait::async_trait;
use schemas::{Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use store::{Store, Tx};

/// The name of the round.
pub const NAME: &str = "held";
const EVERY: Duration = Duration::from_secs(60);
/// How many are released in one transaction.
const AT_ONCE: usize = 100;
/// How long a word of alarm counts.
const ALARM_EVERY: Duration = Duration::from_hours(1);
/// A block that is over is known for so long.
const OVER_FOR: Duration = Duration::from_hours(30 * 24);

/// The round.
#[derive(Debug, Clone)]
pub struct HeldRound {
    store: Store,
    config: Config,
}

/// When it was last said that something waits for long.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Said {
    alarmed_at: Option<Timestamp>,
}

impl HeldRound {
    /// The round of `store`.
    pub fn new(store: Store, config: Config) -> Self {
        Self { store, config }
    }

    /// How much waits and for how long, for the operator; gives when it was said last that it is too long.
    async fn gauge(&self, said: Said, now: Timestamp) -> Result<Said, store::Error> {
        let (count, oldest) = self.store.held_count().await?;
        let age = oldest.map_or(Duration::ZERO, |oldest| now.duration_since(oldest).unsigned_abs());
        #[expect(clippy::cast_precision_loss, reason = "what people look at is far below 2^52")]
        metrics::gauge!("voordeur_held").set(count as f64);
        metrics::gauge!("voordeur_held_oldest_seconds").set(age.as_secs_f64());
        if age < self.config.alarm_after {
            return Ok(Said::default());
        }
        if said.alarmed_at.is_some_and(|at| now < at + ALARM_EVERY) {
            return Ok(said);
        }
        tracing::warn!(
            held = count,
            hours = age.as_secs() / 3600,
            "reports are held and nobody looks: voordeur abuse held"
        );
        Ok(Said { alarmed_at: Some(now) })
    }
}

#[async_trait]
impl Round for HeldRound {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn go(&self, state: Value) -> Result<Went, String> {
        let wrong = |error: store::Error| error.to_string();
        let now = self.store.clock().now();
        let said = serde_json::from_value(state).unwrap_or_default();
        let due = self.store.held_due(now, AT_ONCE).await.map_err(wrong)?;
        let due: Vec<Uuid> = due.iter().map(|held| held.report).collect();
        self.store.forget_sightings(now - 2 * LATELY).await.map_err(wrong)?;
        self.store.forget_blocks(now - OVER_FOR).await.map_err(wrong)?;
        let said = self.gauge(said, now).await.map_err(wrong)?;
        Ok(Went {
            state: serde_json::to_value(said).map_err(|error| error.to_string())?,
            next_at: (due.len() == AT_ONCE).then_some(now),
            kept: serde_json::to_value(due).map_err(|error| error.to_string())?,
            ..Went::default()
        })
    }

    async fn keep(&self, tx: &mut Tx, kept: &Value) -> Result<(), store::Error> {
        let due = Vec::<Uuid>::deserialize(kept).unwrap_or_default();
        let released = tx.release_held(&due).await?;
        if !released.is_empty() {
            metrics::counter!("voordeur_held_unseen_total").increment(released.len() as u64);
            tracing::warn!(
                released = released.len(),
                "reports were held until their time was over, and are released unseen"
            );
        }
        Ok(())
    }
}
