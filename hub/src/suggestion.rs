//! What the suggestion of a category has learnt, while a hub runs: from names and hints at once,
//! from the city's own cases soon after the start and again as they grow.

use crate::{
    roles::Ground,
    supervise::{Stage, Task},
};
use router::{Latest, Likely, learn};
use schemas::city::City;
use std::{sync::Arc, time::Duration};

/// How often it learns anew.
const EVERY: Duration = Duration::from_secs(6 * 3600);
/// How soon it tries again when the database did not answer.
const AGAIN: Duration = Duration::from_secs(60);

/// What names and hints say; nothing when the city wants no suggestion.
pub fn begin(city: &City) -> Option<Arc<Latest>> {
    city.suggest.then(|| Arc::new(Latest::new(Likely::seed(city))))
}

/// Keeps `likely` up to date. Nobody waits for it: what was learnt before answers until the next is
/// there.
pub fn learning(ground: &Ground, likely: Arc<Latest>) -> Task {
    let (store, city) = (ground.store.clone(), ground.town.city.clone());
    Task::new("suggestion", Stage::Carry, move |stop| {
        let (store, city, likely) = (store.clone(), city.clone(), likely.clone());
        let learn = async move {
            loop {
                let pause = match learn(&store, &city).await {
                    Ok(learnt) => {
                        tracing::debug!(
                            cases = learnt.cases(),
                            words = learnt.vocabulary(),
                            "the suggestion has learnt"
                        );
                        likely.set(learnt);
                        EVERY
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the suggestion learns nothing new for now");
                        AGAIN
                    }
                };
                tokio::time::sleep(pause).await;
            }
        };
        async move {
            let _: Option<()> = stop.run_until_cancelled(learn).await;
            Ok(())
        }
    })
}
