//! Rules while a hub runs. What decides is read within each batch ([`router::InForce`]); here it is
//! built before a report waits for it, and a changed city folder is taken over where the
//! configuration says so.

use crate::{
    city::{self, Reading, Town},
    commands::open,
    config::{Activate, Config},
    failure::Advise as _,
    roles::Ground,
    supervise::{Stage, Task},
};
use router::{InForce, LOOK_BACK, Ruleset};
use schemas::{
    city::{City, Files},
    fault::{Fault, Severity},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use store::{Activated, RulesInForce, Store};
use tokio_util::sync::CancellationToken;

/// How often the folder is looked at. A change is taken over when two looks in a row see the same.
const EVERY: Duration = Duration::from_secs(1);

/// Faults of a folder that are written to the log, at most.
const SHOWN: usize = 20;

/// The city with the rules in force, when only the rules of its folder have faults: a start must not
/// fail over what would have been refused while the hub ran. Nothing when there are none.
pub async fn without_the_folder(config: &Config, reading: &Reading) -> anyhow::Result<Option<Town>> {
    let Some(city) = &reading.city else { return Ok(None) };
    // A database that is not there yet has no rules, and says so when it is opened to serve.
    let Ok(store) = open::open_beside(config).await else { return Ok(None) };
    let found = in_force(&store, city).await;
    store.close().await;
    let town = found?.and_then(|rules| reading.with_rules(rules));
    if town.is_some() {
        refuse(&reading.faults, false);
    }
    Ok(town)
}

/// The newest activated rules that this city can use.
async fn in_force(store: &Store, city: &City) -> Result<Option<Ruleset>, store::Error> {
    for activation in store.activations(LOOK_BACK).await? {
        if let Some(files) = store.ruleset_files(&activation.version).await?
            && let Ok(rules) = Ruleset::kept(city, &files, &activation.version)
        {
            return Ok(Some(rules));
        }
    }
    Ok(None)
}

/// Puts the rules of the city folder in force: at the very first start always, later when the
/// configuration leaves it to the folder and the folder is not the one last seen.
pub async fn at_start(ground: &Ground) -> anyhow::Result<()> {
    let (store, town) = (&ground.store, &ground.town);
    let is_refused = !town.folder_rules && ground.config.rules.activate == Activate::Folder;
    metrics::gauge!("voordeur_rules_folder_refused").set(if is_refused { 1.0 } else { 0.0 });
    if !town.folder_rules {
        return Ok(());
    }
    let files = Ruleset::files(&town.city.files);
    let taken = match store.rules_in_force().await {
        Ok(None) => take_over(store, &town.rules, &files, "the first start").await,
        Ok(Some(_)) if ground.config.rules.activate == Activate::Folder => {
            take_over(store, &town.rules, &files, "the city folder at a start").await
        }
        Ok(Some(_)) => return Ok(()),
        Err(error) => Err(error),
    };
    taken
        .map(|taken| log(taken, town.rules.version()))
        .advise("the rules cannot be put in force", "see that the database answers, then start again")
}

/// What became of the rules of a folder.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// They decide from now on.
    Now(RulesInForce),
    /// They decide already.
    Already,
    /// They were seen before; somebody chose others since.
    Seen,
    /// There are none, and nobody means that.
    Empty,
}

fn log(taken: Taken, version: &str) {
    match taken {
        Taken::Now(active) => {
            tracing::info!(activation = active.n, rules = version, "the rules of the city folder are in force");
        }
        Taken::Already => {}
        Taken::Seen => tracing::warn!(
            rules = version,
            "other rules are in force than those of the city folder; `voordeur rules activate` brings these back"
        ),
        Taken::Empty => tracing::error!("the city folder has no rules: those in force go on"),
    }
}

/// Puts `ruleset` in force, unless the folder that it comes from was seen before.
async fn take_over(store: &Store, ruleset: &Ruleset, files: &Files, note: &str) -> Result<Taken, store::Error> {
    loop {
        let seen = store.rules_in_force().await?;
        if seen.is_some() && ruleset.rules().is_empty() {
            return Ok(Taken::Empty);
        }
        let mut tx = store.begin().await?;
        if tx.rules_folder().await?.as_deref() == Some(ruleset.version()) {
            let stands = seen.is_some_and(|active| active.version == ruleset.version());
            return Ok(if stands { Taken::Already } else { Taken::Seen });
        }
        let n = seen.map_or(0, |active| active.n);
        let taken = match tx.activate_rules(ruleset.version(), files, n, note).await? {
            Activated::Now(active) => Taken::Now(active),
            Activated::Already(_) => Taken::Already,
            // Another process was faster: what it took over may be the same.
            Activated::Overtaken(_) => continue,
        };
        tx.see_rules_folder(ruleset.version()).await?;
        tx.commit().await?;
        return Ok(taken);
    }
}

/// Builds what is in force as soon as it changes, and takes over what changes in the city folder.
pub fn watch(ground: &Ground, rules: Arc<InForce>) -> Task {
    let ground = ground.clone();
    Task::new("rules", Stage::Work, move |stop: CancellationToken| {
        let (ground, rules) = (ground.clone(), rules.clone());
        async move {
            let mut folder = Folder::of(&ground);
            let mut known = None;
            while !stop.is_cancelled() {
                if let Some(folder) = &mut folder {
                    folder.look(&ground.store).await;
                }
                known = build(&ground.store, &rules, known).await;
                _ = stop.run_until_cancelled(ground.store.wait_for_rules(EVERY)).await;
            }
            Ok(())
        }
    })
}

/// Builds the rules in force when they are not those of activation `known`; returns theirs.
async fn build(store: &Store, rules: &InForce, known: Option<i64>) -> Option<i64> {
    let built = async {
        let n = store.rules_in_force().await?.map_or(0, |active| active.n);
        if known != Some(n) {
            rules.look(store).await?;
            metrics::gauge!("voordeur_rules_activation").set(n as f64);
        }
        Ok::<_, store::Error>(n)
    };
    built.await.inspect_err(|error| tracing::debug!(%error, "which rules are in force cannot be seen now")).ok()
}

/// The city folder, as it was last looked at.
struct Folder {
    path: PathBuf,
    city: Arc<City>,
    /// What the last look saw; nothing when the folder could not be read.
    seen: Option<Files>,
    /// What was last taken over or refused.
    judged: Option<Files>,
}

impl Folder {
    /// Nothing when no folder decides.
    fn of(ground: &Ground) -> Option<Self> {
        let path = ground.config.city.folder.clone()?;
        let city = ground.town.city.clone();
        let judged = Some(Ruleset::files(&city.files));
        (ground.config.rules.activate == Activate::Folder).then(|| Self { path, city, seen: judged.clone(), judged })
    }

    /// Looks once. Whoever writes a folder writes file after file: what two looks saw is whole.
    async fn look(&mut self, store: &Store) {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || city::read_rules(&path).map(|files| Ruleset::files(&files)));
        let (files, unread) = match read.await {
            Ok(Ok(files)) => (Some(files), String::new()),
            Ok(Err(error)) => (None, format!("{error:#}")),
            Err(error) => (None, error.to_string()),
        };
        let is_settled = files == self.seen;
        self.seen.clone_from(&files);
        if !is_settled || files == self.judged {
            return;
        }
        let refused = match &files {
            None => {
                tracing::error!(error = unread, "the city folder cannot be read: the rules in force go on");
                true
            }
            Some(files) => match self.judge(store, files).await {
                Ok(taken) => !taken,
                // The database is away: what it would have taken over is still there at the next look.
                Err(error) => return tracing::warn!(%error, "the rules of the city folder wait for the database"),
            },
        };
        metrics::gauge!("voordeur_rules_folder_refused").set(if refused { 1.0 } else { 0.0 });
        self.judged = files;
    }

    /// Takes `files` over, or says why not; whether it did.
    async fn judge(&self, store: &Store, files: &Files) -> Result<bool, store::Error> {
        let (city, given) = (self.city.clone(), files.clone());
        let read = tokio::task::spawn_blocking(move || Ruleset::read_files(&city, &given)).await;
        let ruleset = match read {
            Ok((Some(ruleset), _)) => ruleset,
            Ok((None, faults)) => {
                refuse(&faults, self.needs_restart().await);
                return Ok(false);
            }
            Err(error) => {
                tracing::error!(%error, "the rules of the city folder cannot be read: those in force go on");
                return Ok(false);
            }
        };
        let taken = take_over(store, &ruleset, files, "the city folder changed").await?;
        let is_empty = taken == Taken::Empty;
        log(taken, ruleset.version());
        Ok(!is_empty)
    }

    /// Whether the folder as a whole is right, so that only this process knows an older city.
    async fn needs_restart(&self) -> bool {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || city::read(Some(&path)).is_ok_and(|read| read.town.is_some()));
        read.await.unwrap_or_default()
    }
}

fn refuse(faults: &[Fault], needs_restart: bool) {
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error);
    for fault in errors.clone().take(SHOWN) {
        tracing::error!(file = fault.file, line = fault.line, help = fault.help, "{}", fault.message);
    }
    let faults = errors.count();
    if needs_restart {
        tracing::error!(
            faults,
            "the rules of the city folder fit its other files, but not those that this process started with: restart it; until then the rules in force go on"
        );
    } else {
        tracing::error!(faults, "the rules of the city folder are refused: those in force go on");
    }
}
