//! One process from its start to its end: how long it takes to be ready, for its first event and for the next ones.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::{
    cloud::{Call, Cloud},
    rollout::{self, REGION, TABLE},
    service::Service,
    variant::Variant,
};

/// How a run went.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) ready: Duration,
    pub(crate) first: Handled,
    pub(crate) warm: Vec<Handled>,
    /// The most memory that it ever had, in KiB; nothing where the system does not say.
    pub(crate) peak: Option<u64>,
}

/// An event that was handled.
#[derive(Debug)]
pub(crate) struct Handled {
    pub(crate) took: Duration,
    pub(crate) calls: Vec<Call>,
}

/// A process that ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts a process, gives it a first event and so many more, and ends it.
pub(crate) fn run(variant: &Variant, cloud: &Cloud, warm: usize) -> Result<Run, String> {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench/log");
    tell(variant, cloud, warm, &log).map_err(|why| {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().rev().take(20).collect();
        let last: Vec<&str> = lines.into_iter().rev().collect();
        format!("{}: {why}\n{}", variant.name, last.join("\n"))
    })
}

fn tell(variant: &Variant, cloud: &Cloud, warm: usize, log: &Path) -> Result<Run, String> {
    let text = |why: std::io::Error| why.to_string();
    let service = Service::new().map_err(text)?;
    fs::create_dir_all(log.parent().unwrap_or(log)).map_err(text)?;
    let log = File::create(log).map_err(text)?;
    let mut command = variant.command();
    command
        .envs(environment(cloud, &service))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(text)?)
        .stderr(log);
    let started = Instant::now();
    let process = Process(command.spawn().map_err(text)?);
    let ready = service.asked()?.duration_since(started);
    let first = handled(cloud, &service)?;
    let warm = (0..warm)
        .map(|_| {
            service.asked()?;
            handled(cloud, &service)
        })
        .collect::<Result<_, String>>()?;
    // While it waits for the next event.
    service.asked()?;
    Ok(Run {
        ready,
        first,
        warm,
        peak: peak(process.0.id()),
    })
}

fn handled(cloud: &Cloud, service: &Service) -> Result<Handled, String> {
    cloud.begin_again();
    let event = rollout::event()?;
    let (took, answer) = service.handle(&event)?;
    if !rollout::is_through(&answer) || !cloud.is_restored() {
        let calls: Vec<String> = cloud.calls().into_iter().map(|call| call.name).collect();
        return Err(format!(
            "the traffic is not back on stable: it answered {} after {}",
            String::from_utf8_lossy(&answer),
            calls.join(", ")
        ));
    }
    Ok(Handled {
        took,
        calls: cloud.calls(),
    })
}

/// What Lambda and the stack put into the environment.
fn environment(cloud: &Cloud, service: &Service) -> Vec<(&'static str, String)> {
    let pairs = [
        ("AWS_LAMBDA_RUNTIME_API", service.address.to_string()),
        (
            "AWS_ENDPOINT_URL_DYNAMODB",
            format!("http://{}", cloud.table),
        ),
        (
            "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
            format!("http://{}", cloud.balancer),
        ),
        ("TIDEGATE_TABLE", TABLE.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
    ];
    let fixed = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_SESSION_TOKEN", "test"),
        ("AWS_LAMBDA_FUNCTION_NAME", "alarm"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/alarm"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "1"),
        ("RUST_LOG", "info"),
    ];
    let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
    pairs.into_iter().chain(fixed).collect()
}

/// `VmHWM` of Linux's `/proc`.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
