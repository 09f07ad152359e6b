//! Everything that is logged while something is done, for tests that look for secrets in it.

use std::{
    env,
    io::{self, Write},
    process::Command,
    sync::{Arc, Mutex},
};

/// Where a log goes.
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What something comes to, and everything that is logged while it is done, however little that matters.
pub(crate) fn logged<T>(work: impl FnOnce() -> T) -> (T, String) {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&written);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Sink(Arc::clone(&sink)))
        .finish();
    let done = tracing::subscriber::with_default(subscriber, work);
    let written = written.lock().unwrap().clone();
    (done, String::from_utf8(written).unwrap())
}

/// Runs one test of this binary in a process of its own, unless this is that process: while another thread first comes
/// to a place that logs, a subscriber that is made at this moment may not hear of the place.
pub(crate) fn is_alone(test: &str) -> bool {
    const ALONE: &str = "TEST_IS_ALONE";
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let done = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
    false
}
