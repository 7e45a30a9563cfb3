//! The processor divided between what is measured and whoever sends to it: on the same cores the senders take away what
//! the other could have done, and the more of them there are, the more. A database server of its own runs where it likes.

use tokio::runtime::{Builder, Handle, Runtime};

/// Some cores of the machine.
#[derive(Clone)]
pub(super) struct Cores(Vec<usize>);

impl Cores {
    /// Two halves: of what is measured, and of whoever sends. On a machine with one core both have that.
    pub(super) fn halves() -> [Self; 2] {
        let all = of_this_thread();
        let (ours, theirs) = all.split_at(all.len().div_ceil(2));
        [Self(ours.to_vec()), Self(if theirs.is_empty() { ours } else { theirs }.to_vec())]
    }

    /// Keeps the thread that calls this, and every thread that it starts from now on, on these cores.
    pub(super) fn hold(&self) {
        if let Err(error) = hold(&self.0) {
            tracing::warn!(%error, "a thread cannot be kept on some of the cores; figures of overload count its senders");
        }
    }

    /// Threads that stay on these cores.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn threads(&self, name: &str) -> std::io::Result<Threads> {
        let cores = self.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(self.0.len().max(1))
            .thread_name(name)
            .on_thread_start(move || cores.hold())
            .enable_all()
            .build()?;
        Ok(Threads { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }
}

/// Threads that end when nobody needs them any more; a runtime that is dropped among tasks would panic.
pub(super) struct Threads {
    pub(super) handle: Handle,
    runtime: Option<Runtime>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(target_os = "linux")]
fn of_this_thread() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
    (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

#[cfg(target_os = "linux")]
fn hold(cores: &[usize]) -> std::io::Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    cores.iter().for_each(|core| set.set(*core));
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(not(target_os = "linux"))]
fn of_this_thread() -> Vec<usize> {
    (0..std::thread::available_parallelism().map_or(1, usize::from)).collect()
}

#[cfg(not(target_os = "linux"))]
fn hold(_: &[usize]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn each_half_keeps_to_itself() {
        let all = of_this_thread();
        let [ours, theirs] = Cores::halves();
        assert!(all.len() < 2 || ours.0.iter().all(|core| !theirs.0.contains(core)), "{:?} {:?}", ours.0, theirs.0);
        for half in [ours, theirs] {
            let threads = half.threads("half").unwrap();
            let handle = &threads.handle;
            let found = handle.block_on(async { tokio::spawn(async { of_this_thread() }).await.unwrap() });
            assert_eq!(found, half.0);
            let start = || std::thread::spawn(of_this_thread).join().unwrap();
            let started = handle.block_on(async move { tokio::task::spawn_blocking(start).await.unwrap() });
            assert_eq!(started, half.0, "what a thread starts stays with it");
        }
        assert_eq!(of_this_thread(), all, "this thread was left where it was");
    }
}
