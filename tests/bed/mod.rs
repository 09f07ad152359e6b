//! An emulated AWS on loopback, for tests that talk to it over HTTP with the real SDK; see `server.py`.
//!
//! One is started for a test process and ends with it, because it reads from a pipe that this process holds.

use std::{
    env,
    io::{BufRead, BufReader, Error},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use aws::client::{Clients, connections};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

/// Where the emulator says it is.
const REGION: &str = "us-east-1";

/// A call on a machine that builds and tests at once; it only bounds a test that hangs.
const CALL_LASTS: Duration = Duration::from_mins(1);

/// What is missing, and the command that brings it.
const INSTALL: &str =
    "run `make tools`, or `tests/bed/install bed` with TOOLS as the tests have it";

/// The emulator of this test process.
pub(crate) struct Bed {
    endpoint: String,
    /// Holds the pipe; never waited for, because it ends after this process.
    _server: Child,
}

impl Bed {
    /// The one emulator, started when it is first asked for.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Bed> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start("ministack").unwrap_or_else(|why| panic!("the test bed: {why}"))
        })
    }

    /// Starts one; `what` is an argument of `server.py`.
    pub(crate) fn start(what: &str) -> Result<Self, String> {
        let python = tools().join("bed/bin/python");
        if !python.is_file() {
            return Err(format!("{} is not there; {INSTALL}", python.display()));
        }
        let mut server = Command::new(&python)
            .args(["-B", "bed/server.py", what])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| format!("{} does not start: {why}", python.display()))?;
        let said = server.stdout.take().map(BufReader::new);
        match ready(said.into_iter().flat_map(BufRead::lines)) {
            Some(endpoint) => Ok(Self {
                endpoint,
                _server: server,
            }),
            None => Err(format!(
                "it ended before it was ready, and said why on stderr; if something is missing, {INSTALL}"
            )),
        }
    }

    /// Where all services are.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// New clients, with connections of their own: a connection belongs to the runtime that made it.
    pub(crate) fn clients(&self) -> Clients {
        Clients::new(&self.config())
    }

    /// Where clients are and who they are.
    pub(crate) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "bed");
        let limits = TimeoutConfig::builder()
            .operation_attempt_timeout(CALL_LASTS)
            .build();
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .timeout_config(limits)
            .http_client(connections().1)
            .endpoint_url(&self.endpoint)
            .build()
    }

    /// Runs a test's future on a runtime of its own, of one thread, as a function has it.
    #[expect(
        clippy::unused_self,
        reason = "that there is a bed is what the future needs"
    )]
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime of one thread needs nothing that can be missing")
            .block_on(future)
    }
}

/// Where `tests/bed/install` puts things; tests run in the folder of their package.
pub(crate) fn tools() -> PathBuf {
    env::var_os("TOOLS").map_or_else(|| PathBuf::from("../.tools"), PathBuf::from)
}

/// The address in the line that says so; nothing if the server ends before.
fn ready(lines: impl Iterator<Item = Result<String, Error>>) -> Option<String> {
    lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.strip_prefix("ready ")?.to_owned()))
}
