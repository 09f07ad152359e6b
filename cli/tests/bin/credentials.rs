//! Whose credentials `tidegate` uses, and what it says when there are none.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Command, Output},
    thread,
};

use expect_test::{Expect, expect};

/// A folder with an AWS configuration of one profile.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        let config = "[profile prod]\nregion = eu-west-1\naws_access_key_id = OFTHEPROFILE\n\
                      aws_secret_access_key = secret\n";
        fs::write(folder.join("config"), config).unwrap();
        Self(folder)
    }

    /// Runs the command with nothing else in its environment.
    fn run(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(arguments)
            .env_clear()
            .env("HOME", &self.0)
            .env("AWS_CONFIG_FILE", self.0.join("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.0.join("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }
}

fn check(output: &Output, expected: &Expect) {
    let told = String::from_utf8_lossy(&output.stderr);
    // How the SDK tells what it tried is its own.
    let lines = told.lines().filter(|line| !line.contains("in detail"));
    let lines: Vec<&str> = lines.take(2).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

const OF_THE_ENVIRONMENT: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "OFTHEENVIRONMENT"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];

/// The access key that a request is signed with.
fn signed_with(name: &str, arguments: &[&str]) -> String {
    let aws = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = aws.local_addr().unwrap();
    let endpoint = format!("http://{address}");
    let heard = thread::spawn(move || {
        let (stream, _) = aws.accept().unwrap();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        let mut lines = lines.take_while(|line| !line.is_empty());
        let line = lines.find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
        let line = line.unwrap_or_default();
        let (_, key) = line.split_once("Credential=").unwrap_or_default();
        key.split('/').next().unwrap_or_default().to_owned()
    });
    let mut environment = OF_THE_ENVIRONMENT.to_vec();
    environment.push(("AWS_REGION", "eu-west-1"));
    environment.push(("AWS_ENDPOINT_URL", &endpoint));
    Home::new(name).run(&environment, arguments);
    // If nobody has come, nobody will.
    drop(TcpStream::connect(address));
    heard.join().unwrap()
}

#[test]
fn a_profile_that_is_named_is_meant_whatever_the_environment_has() {
    let list = |more: &[&'static str]| [&["list"], more].concat();
    assert_eq!(
        signed_with("profile", &list(&["--profile", "prod"])),
        "OFTHEPROFILE"
    );
    assert_eq!(signed_with("environment", &list(&[])), "OFTHEENVIRONMENT");
}

#[test]
fn a_profile_that_is_not_there_is_said_so() {
    let region = [("AWS_REGION", "eu-west-1")];
    let environment = [&OF_THE_ENVIRONMENT[..], &region].concat();
    let output = Home::new("no-profile").run(&environment, &["list", "--profile", "prdo"]);
    check(
        &output,
        &expect![[r"
        error: there is no profile `prdo` in your AWS configuration
          `aws configure list-profiles` lists them; choose one with --profile
    "]],
    );
}

#[test]
fn no_credentials_and_no_region_are_said_so() {
    let home = Home::new("nothing");
    let output = home.run(&[("AWS_REGION", "eu-west-1")], &["list"]);
    check(
        &output,
        &expect![[r"
        error: no AWS credentials could be had
          sign in (`aws sso login`, or the environment variables), or choose a profile with --profile
    "]],
    );
    check(
        &home.run(&OF_THE_ENVIRONMENT, &["list"]),
        &expect![[r"
        error: no AWS region is known
          name it with --region, or set AWS_REGION
    "]],
    );
    let empty = [&OF_THE_ENVIRONMENT[..], &[("AWS_REGION", "")]].concat();
    check(
        &home.run(&empty, &["list"]),
        &expect![[r"
        error: no AWS region is known
          name it with --region, or set AWS_REGION
    "]],
    );
}
