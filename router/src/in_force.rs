//! The rules in force: which ruleset decides, in every process the same. What was activated last is
//! read within the transaction of each batch; building it is remembered.
//!
//! A ruleset that this city cannot use any more (a department is gone) must not stop the deciding:
//! then the one before it decides, and whoever looks after the rules is told loudly.

use crate::Ruleset;
use schemas::city::City;
use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
};
use store::{Store, Tx};

/// How far back a usable ruleset is looked for.
pub const LOOK_BACK: usize = 50;

/// Which rules decide for a city.
#[derive(Debug)]
pub struct InForce {
    city: Arc<City>,
    /// What decides before the first activation, and when nothing that was activated can be used.
    folder: Arc<Ruleset>,
    known: RwLock<Known>,
    /// One builds, the others wait for it.
    building: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Known {
    /// The activation that was last looked at; 0: none.
    n: i64,
    standing: Standing,
}

/// What decides, and why not what was activated.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The rules that decide.
    pub ruleset: Arc<Ruleset>,
    /// Why not those that were activated last; nothing when it is those.
    pub trouble: Option<String>,
}

impl InForce {
    /// For `city`; `folder` are the rules of its folder.
    pub fn new(city: Arc<City>, folder: Arc<Ruleset>) -> Self {
        let standing = Standing { ruleset: folder.clone(), trouble: None };
        Self { city, folder, known: RwLock::new(Known { n: 0, standing }), building: Default::default() }
    }

    /// The rules in force, for as long as `tx` lasts.
    pub async fn at(&self, tx: &mut Tx) -> Result<Arc<Ruleset>, store::Error> {
        let n = tx.rules_in_force().await?.map_or(0, |active| active.n);
        if let Some(known) = self.known(n) {
            return Ok(known.ruleset);
        }
        let _one = self.building.lock().await;
        if let Some(known) = self.known(n) {
            return Ok(known.ruleset);
        }
        let standing = self.stand(tx).await?;
        tracing::info!(activation = n, rules = standing.ruleset.version(), "these rules decide now");
        metrics::gauge!("voordeur_rules_unusable").set(if standing.trouble.is_some() { 1.0 } else { 0.0 });
        if let Some(trouble) = &standing.trouble {
            tracing::error!(activation = n, trouble, "the rules that were activated cannot be used");
        }
        let ruleset = standing.ruleset.clone();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { n, standing };
        Ok(ruleset)
    }

    /// Looks what is in force now, so that it is built before a report waits for it.
    pub async fn look(&self, store: &Store) -> Result<Standing, store::Error> {
        let mut tx = store.begin().await?;
        self.at(&mut tx).await?;
        drop(tx);
        Ok(self.known.read().unwrap_or_else(PoisonError::into_inner).standing.clone())
    }

    fn known(&self, n: i64) -> Option<Standing> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (known.n == n).then(|| known.standing.clone())
    }

    /// The newest activation that can be used, else the folder: the same on every process that has
    /// this city.
    async fn stand(&self, tx: &mut Tx) -> Result<Standing, store::Error> {
        let (mut trouble, mut tried) = (None, HashSet::new());
        for activation in tx.activations(LOOK_BACK).await? {
            if !tried.insert(activation.version.clone()) {
                continue;
            }
            match self.build(tx, &activation.version).await? {
                Ok(ruleset) => return Ok(Standing { ruleset, trouble }),
                Err(why) => _ = trouble.get_or_insert(why),
            }
        }
        Ok(Standing { ruleset: self.folder.clone(), trouble })
    }

    async fn build(&self, tx: &mut Tx, version: &str) -> Result<Result<Arc<Ruleset>, String>, store::Error> {
        if self.folder.version() == version {
            return Ok(Ok(self.folder.clone()));
        }
        let Some(files) = tx.ruleset_files(version).await? else {
            return Ok(Err(format!("version {version}: its text is not kept")));
        };
        let (city, version) = (self.city.clone(), version.to_owned());
        let built = tokio::task::spawn_blocking(move || Ruleset::kept(&city, &files, &version)).await;
        Ok(match built {
            Ok(built) => built.map(Arc::new),
            Err(error) => Err(format!("it could not be read: {error}")),
        })
    }
}
