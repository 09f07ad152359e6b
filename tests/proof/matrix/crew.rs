//! Two threads that run cells: a world is one thread's, so each cell has its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// As many as the smallest machine has cores.
const THREADS: usize = 2;

/// What became of each item, in the order of the items.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            done.push((index, work(item)));
        }
    };
    let mut all: Vec<(usize, R)> = thread::scope(|scope| {
        let crew: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        let done = crew.into_iter().map(|one| match one.join() {
            Ok(done) => done,
            Err(panic) => resume_unwind(panic),
        });
        done.flatten().collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

/// The result, or what it panicked with.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let formatted = panic.downcast_ref::<String>().cloned();
        let plain = || panic.downcast_ref::<&str>().map(ToString::to_string);
        let said = formatted.or_else(plain);
        said.unwrap_or_else(|| "it panicked".to_owned())
    })
}
