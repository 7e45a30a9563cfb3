//! Keeps the tasks of the roles running, and ends them in order.

use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

/// When a task is told to stop. Each stage ends before the next is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// What lets new things in.
    Intake,
    /// What works on what is there.
    Work,
    /// What carries the results away, and counts.
    Carry,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Intake, Self::Work, Self::Carry];

    /// How long tasks of this stage may take to finish what is in hand.
    fn patience(self) -> Duration {
        match self {
            Self::Intake | Self::Work => Duration::from_secs(12),
            Self::Carry => Duration::from_secs(5),
        }
    }
}

type Start = Arc<dyn Fn(CancellationToken) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// One long task: what it is called, when it stops, and how it is started (again).
#[derive(Clone)]
pub struct Task {
    /// For logs: `router`, `dept.groen`.
    pub name: String,
    /// When it is told to stop.
    pub stage: Stage,
    start: Start,
}

impl Task {
    /// A task that runs until its token is cancelled. It is started again when it ends before.
    pub fn new<F>(
        name: impl Into<String>,
        stage: Stage,
        start: impl Fn(CancellationToken) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Self { name: name.into(), stage, start: Arc::new(move |token| Box::pin(start(token))) }
    }
}

/// The first pause before a task that ended is started again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A task that ran this long before it ended starts afresh.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// The tasks of this process.
#[derive(Default)]
pub struct Supervisor {
    tokens: [CancellationToken; 3],
    running: Vec<(String, Stage, JoinHandle<()>)>,
}

impl Supervisor {
    /// Nothing runs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts `task` and keeps it running.
    pub fn run(&mut self, task: Task) {
        let token = self.tokens[task.stage as usize].clone();
        self.running.push((task.name.clone(), task.stage, tokio::spawn(keep(task, token))));
    }

    /// Ends everything, stage by stage.
    pub async fn stop(mut self) {
        let mut running = std::mem::take(&mut self.running);
        for stage in Stage::ALL {
            self.tokens[stage as usize].cancel();
            let until = Instant::now() + stage.patience();
            let (now, later) = running.into_iter().partition::<Vec<_>, _>(|(_, of, _)| *of == stage);
            running = later;
            for (name, _, mut handle) in now {
                if tokio::time::timeout_at(until, &mut handle).await.is_err() {
                    // What it had claimed is free again when its lease runs out.
                    tracing::warn!(task = name, "did not stop in time and was cut off");
                    handle.abort();
                }
            }
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // A hub that was dropped without `stop` (a test that failed) must not go on in the background.
        for token in &self.tokens {
            token.cancel();
        }
    }
}

async fn keep(task: Task, token: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        // A task of its own, so that a panic ends only this try.
        let ended = tokio::spawn((task.start)(token.clone())).await;
        if token.is_cancelled() {
            if let Ok(Err(error)) = ended {
                tracing::warn!(task = task.name, error = format!("{error:#}"), "stopped with an error");
            }
            return;
        }
        let why = match ended {
            Ok(Ok(())) => "it ended".to_owned(),
            Ok(Err(error)) => format!("{error:#}"),
            Err(error) => format!("{error}"),
        };
        if began.elapsed() >= LONG_ENOUGH {
            pause = FIRST_PAUSE;
        }
        let wait = pause.mul_f64(rand::random_range(0.75..1.25));
        tracing::error!(
            task = task.name,
            error = why,
            again_in_ms = wait.as_millis() as u64,
            "a task ended and is started again"
        );
        metrics::counter!("voordeur_restarts_total", "task" => task.name.clone()).increment(1);
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    };

    #[tokio::test(start_paused = true)]
    async fn a_task_that_dies_is_started_again() {
        let (starts, alive) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        let mut supervisor = Supervisor::new();
        let (count, up) = (starts.clone(), alive.clone());
        supervisor.run(Task::new("dies", Stage::Work, move |token| {
            let n = count.fetch_add(1, Ordering::SeqCst);
            let up = up.clone();
            async move {
                match n {
                    0 => anyhow::bail!("first"),
                    1 => panic!("second"),
                    2 => Ok(()),
                    _ => {
                        up.cancel();
                        token.cancelled().await;
                        Ok(())
                    }
                }
            }
        }));
        alive.cancelled().await;
        supervisor.stop().await;
        assert_eq!(starts.load(Ordering::SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn stops_stage_by_stage_and_cuts_off_what_hangs() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut supervisor = Supervisor::new();
        for (name, stage) in [("carry", Stage::Carry), ("work", Stage::Work), ("intake", Stage::Intake)] {
            let order = order.clone();
            supervisor.run(Task::new(name, stage, move |token| {
                let order = order.clone();
                async move {
                    token.cancelled().await;
                    order.lock().unwrap().push(name);
                    Ok(())
                }
            }));
        }
        supervisor.run(Task::new("hangs", Stage::Work, |_| std::future::pending()));
        tokio::task::yield_now().await;
        supervisor.stop().await;
        assert_eq!(*order.lock().unwrap(), ["intake", "work", "carry"]);
    }
}
