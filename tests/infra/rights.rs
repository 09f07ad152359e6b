//! Who may do what: the functions that move traffic face no internet, and the one that faces it can move nothing.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect;

use crate::{facts::Facts, template::Template};

/// What a right is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Traffic,
    Table,
    Outbox,
    Secret,
    PublicKeys,
    Topic,
    Bucket,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::Table => "table",
            Self::Outbox => "outbox",
            Self::Secret => "secrets",
            Self::PublicKeys => "public keys",
            Self::Topic => "topics",
            Self::Bucket => "bucket",
        }
    }

    /// What the right to an action on resources is for; nothing if it only reads, or writes a log.
    fn of(action: &str, on: &str) -> Option<Self> {
        let (service, name) = action.split_once(':').expect("an action has a service");
        let reads = ["Describe", "Get", "List", "Query", "ReceiveMessage"];
        let reads = reads.iter().any(|verb| name.starts_with(verb));
        Some(match service {
            "ssm" if name == "GetParameter" && on.ends_with("/verifying") => Self::PublicKeys,
            "ssm" if name == "GetParameter" => Self::Secret,
            _ if reads => return None,
            "dynamodb" if on.contains("LeadingKeys OUTBOX#*") => Self::Outbox,
            "dynamodb" => Self::Table,
            "sns" => Self::Topic,
            "s3" => Self::Bucket,
            "kms" | "logs" | "sqs" | "xray" => return None,
            // One function asks another whether it can speak.
            "lambda" if on.ends_with(":tidegate-notify") => return None,
            "elasticloadbalancing" | "iam" | "lambda" | "route53" | "ssm" => Self::Traffic,
            other => panic!("nobody has said what {other}:{name} is for"),
        })
    }
}

/// What each may write, and which secrets it may read.
fn matrix(facts: &Facts) -> BTreeMap<String, BTreeSet<Kind>> {
    let mut matrix: BTreeMap<String, BTreeSet<Kind>> = BTreeMap::new();
    for line in &facts.lines {
        let Some((who, right)) = line.split_once(" may ") else {
            continue;
        };
        let (action, on) = right.split_once(" on ").expect("a right is on something");
        // Only functions: the scheduler wakes them, and they have no say in when.
        if who != "scheduler" {
            let row = matrix.entry(who.to_owned()).or_default();
            row.extend(Kind::of(action, on));
        }
    }
    matrix
}

/// The functions that anybody on the internet can call.
fn public(facts: &Facts) -> Vec<&str> {
    let lines = facts.lines.iter();
    lines
        .filter_map(|line| Some(line.split_once(" is open at a URL")?.0))
        .collect()
}

#[test]
fn what_faces_the_internet_moves_no_traffic() {
    let facts = Template::of_the_repository().facts();
    let matrix = matrix(&facts);
    let row = |(who, kinds): (&String, &BTreeSet<Kind>)| {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        format!("{who}: {}\n", words.join(", "))
    };
    let told: String = matrix.iter().map(row).collect();
    expect![[r"
        advance: traffic, table, secrets
        alarm: traffic, table, secrets
        approval: traffic, table, secrets, public keys
        archive: bucket
        control: traffic, table, secrets
        link: public keys, topics
        notify: outbox, secrets, topics, bucket
    "]]
    .assert_eq(&told);
    assert_eq!(public(&facts), ["link"]);
    for who in public(&facts) {
        for kind in [Kind::Traffic, Kind::Table, Kind::Secret] {
            assert!(!matrix[who].contains(&kind), "{who}: {kind:?}");
        }
    }
}

#[test]
fn no_service_comes_on_anybodys_behalf() {
    let facts = Template::of_the_repository().facts();
    let mut seen = 0;
    for line in &facts.lines {
        if line.contains(" lets in ") && line.contains(".amazonaws.com to ") {
            seen += 1;
            let both = line.contains("aws:SourceArn") && line.contains("aws:SourceAccount");
            assert!(both, "{line}");
        }
        if line.contains(" wakes for ") && line.contains(".amazonaws.com of ") {
            seen += 1;
            assert!(line.contains(" of arn:aws:"), "{line}");
            assert!(line.contains(" in 123456789012 by "), "{line}");
        }
        // The world comes through the URL, or not at all.
        if line.contains(" wakes for * ") {
            let through = line.ends_with("the URL alone true");
            let url = line.contains(" by lambda:InvokeFunctionUrl, its URL signed NONE,");
            assert!(through || url, "{line}");
        }
    }
    assert!(seen > 10, "only {seen} services were looked at");
}

#[test]
fn no_secret_is_in_an_environment() {
    let facts = Template::of_the_repository().facts();
    let known = facts.lines.iter();
    let known = known.filter_map(|line| line.split_once(" knows ")?.1.split_once('='));
    for (name, value) in known {
        let secret = [
            "CODE", "KEY", "SECRET", "SIGNING", "SLACK", "TOKEN", "WEBHOOK",
        ];
        // The names of a channel and of a workspace are on everybody's screen.
        let is_secret = !["TIDEGATE_SLACK_CHANNEL", "TIDEGATE_SLACK_TEAM"].contains(&name);
        if is_secret && secret.iter().any(|word| name.contains(word)) {
            assert!(
                name.ends_with("_PARAMETER"),
                "{name} is not the name of a parameter"
            );
            assert!(value.starts_with("tidegate/"), "{name} is {value}");
        }
    }
}
