//! Chromium through its driver: `WebDriver` (W3C) is JSON over HTTP, and that is all that is needed of it.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The keys that people press without a mouse.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

/// How long the driver looks for what is not there yet.
const LOOKS_MILLIS: u32 = 20_000;

/// What W3C calls an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Where helper programs are, as the Makefile says.
pub(crate) fn tools() -> PathBuf {
    let tools = env::var_os("TOOLS").map_or_else(|| PathBuf::from("../.tools"), PathBuf::from);
    tools.join("browser")
}

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// A browser of its own, with nothing in it; it ends with the test.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: PathBuf,
}

impl Browser {
    pub(crate) fn start(name: &str, scripts: Scripts) -> Self {
        let unpacked = fs::canonicalize(tools().join("unpacked"))
            .expect("the browser is not installed; run tests/browser/install");
        let (program, binary) = programs(&unpacked);
        let profile = env::temp_dir().join(format!("tidegate-{}-{name}", std::process::id()));
        let _none = fs::remove_dir_all(&profile);
        fs::create_dir_all(&profile).unwrap();
        let mut driver = Command::new(program)
            .arg("--port=0")
            .envs(surroundings(&unpacked, &profile))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver does not start");
        let port = port(&mut driver);
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            profile,
        };
        browser.open(binary.as_deref(), scripts);
        browser
    }

    fn open(&mut self, binary: Option<&Path>, scripts: Scripts) {
        let profile = format!("--user-data-dir={}", self.profile.display());
        let mut options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--window-size=1100,900", profile,
            ],
        });
        if let Some(binary) = binary {
            options["binary"] = json!(binary);
        }
        if scripts == Scripts::Off {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let wanted = json!({ "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "timeouts": { "implicit": LOOKS_MILLIS },
        } });
        let session = self.call("POST", "/session", &json!({ "capabilities": wanted }));
        self.session = session["sessionId"].as_str().unwrap().to_owned();
    }

    /// A command of this session.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "POST" {
            body.to_string()
        } else {
            String::new()
        };
        let (status, text) = http(
            &format!("127.0.0.1:{}", self.port),
            method,
            path,
            &[("content-type", "application/json")],
            &body,
        );
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            status, 200,
            "{method} {path}: {}",
            answer["value"]["message"]
        );
        answer["value"].clone()
    }

    pub(crate) fn go(&self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    pub(crate) fn url(&self) -> String {
        self.ask("GET", "/url", &Value::Null)
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The text of the first element that a selector finds, as soon as it does.
    pub(crate) fn text(&self, selector: &str) -> String {
        let found = self.find(selector);
        let text = self.ask("GET", &format!("/element/{found}/text"), &Value::Null);
        text.as_str().unwrap().to_owned()
    }

    fn find(&self, selector: &str) -> String {
        let by = json!({ "using": "css selector", "value": selector });
        let found = self.ask("POST", "/element", &by);
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// What has the focus: its name, its id and what it says.
    pub(crate) fn focus(&self) -> String {
        let found = self.ask("GET", "/element/active", &Value::Null);
        let id = found[ELEMENT].as_str().unwrap();
        let of = |what: &str| {
            let value = self.ask("GET", &format!("/element/{id}/{what}"), &Value::Null);
            value.as_str().unwrap_or_default().to_owned()
        };
        let (tag, name) = (of("name"), of("attribute/name"));
        match name.as_str() {
            "" => format!("{tag} {}", of("text")),
            name => format!("{tag} {name}"),
        }
    }

    /// Presses keys one after the other.
    pub(crate) fn press(&self, keys: &str) {
        let keys = keys.chars().flat_map(|key| {
            let event = |kind: &str| json!({ "type": kind, "value": key.to_string() });
            [event("keyDown"), event("keyUp")]
        });
        let keys: Vec<Value> = keys.collect();
        let board = json!({ "type": "key", "id": "keyboard", "actions": keys });
        self.ask("POST", "/actions", &json!({ "actions": [board] }));
    }

    /// Presses Tab until something has the focus, as a person would, and says on what the focus was.
    pub(crate) fn tab_to(&self, wanted: &str) -> Vec<String> {
        let mut met = Vec::new();
        for _ in 0..30 {
            self.press(TAB);
            let focus = self.focus();
            met.push(focus.clone());
            if focus == wanted {
                return met;
            }
        }
        panic!("no {wanted} by keyboard; met: {met:?}");
    }

    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask(
            "POST",
            "/execute/sync",
            &json!({ "script": script, "args": [] }),
        )
    }

    pub(crate) fn run_until_called_back(&self, script: &str) -> Value {
        self.ask(
            "POST",
            "/execute/async",
            &json!({ "script": script, "args": [] }),
        )
    }

    /// A command of the protocol that Chromium's own tools speak.
    fn cdp(&self, command: &str, params: &Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        self.ask("POST", "/goog/cdp/execute", &body)
    }

    pub(crate) fn width(&self, width: u32) {
        let metrics = json!({
            "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", &metrics);
    }

    pub(crate) fn scheme(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.cdp(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        );
    }

    /// Leaves a picture of the whole page beside the target directory's other things.
    pub(crate) fn picture(&self, name: &str) {
        let size = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.cdp("Page.captureScreenshot", &size);
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.ask("DELETE", "", &Value::Null);
        }
        let _dead = self.driver.kill();
        let _dead = self.driver.wait();
        let _none = fs::remove_dir_all(&self.profile);
    }
}

/// The driver, and the browser where it is not the machine's.
fn programs(unpacked: &Path) -> (PathBuf, Option<PathBuf>) {
    let driver = unpacked.join("usr/bin/chromedriver");
    if driver.exists() {
        return (driver, Some(unpacked.join("usr/lib/chromium/chromium")));
    }
    (PathBuf::from("chromedriver"), None)
}

/// Libraries and fonts that were unpacked, beside the machine's.
fn surroundings(unpacked: &Path, profile: &Path) -> Vec<(OsString, OsString)> {
    let libraries = fs::read_dir(unpacked.join("usr/lib")).into_iter().flatten();
    let libraries = libraries.filter_map(Result::ok).map(|entry| entry.path());
    let libraries: Vec<PathBuf> = libraries
        .flat_map(|path| [path.clone(), path.join("pulseaudio")])
        .collect();
    let fonts = profile.join("fonts.conf");
    let text = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig>\
         <include ignore_missing=\"yes\">/etc/fonts/fonts.conf</include>\
         <dir>{}</dir></fontconfig>",
        unpacked.join("usr/share/fonts").display()
    );
    fs::write(&fonts, text).unwrap();
    vec![
        (
            "LD_LIBRARY_PATH".into(),
            env::join_paths(libraries).unwrap(),
        ),
        ("FONTCONFIG_FILE".into(), fonts.into_os_string()),
    ]
}

/// The port that the driver says it listens on.
fn port(driver: &mut Child) -> u16 {
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        let said = line.split("started successfully on port ").nth(1);
        if let Some(port) = said.and_then(|said| said.trim_end_matches('.').parse().ok()) {
            return port;
        }
    }
    panic!("chromedriver ended before it said where it listens");
}

/// One request and its answer: the status and the body.
pub(crate) fn http(
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
    let length = body.len().to_string();
    let own = [("connection", "close"), ("content-length", length.as_str())];
    for (name, value) in headers.iter().chain(&own) {
        request.push_str(name);
        request.push_str(": ");
        request.push_str(value);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut length = None;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
    }
    let mut text = String::new();
    if method != "HEAD" {
        reader
            .take(length.unwrap_or(u64::MAX))
            .read_to_string(&mut text)
            .unwrap();
    }
    (status, text)
}
