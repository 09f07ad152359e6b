//! The Terraform module and the SAM template put up the same stack: functions, triggers, environment, rights, table, queues and alarms.
//!
//! Each is read into the same sentences. Terraform's come from what `terraform test` applies to a provider that is not there
//! (`infra/terraform/tests/stack.tftest.hcl`), SAM's from the template with the same places as parameters.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "kinds of JSON and events of YAML belong to others, and most mean nothing in a template"
)]

mod calls;
mod facts;
mod rights;
mod template;
mod terraform;
mod yaml;

use std::{collections::BTreeSet, env, io::Write as _};

use facts::Facts;

#[test]
fn terraform_and_sam_put_up_the_same_stack() {
    let Some(terraform) = terraform::applied() else {
        assert!(
            env::var_os("CI").is_none(),
            "terraform is not on the PATH, and CI compares the two stacks"
        );
        // Past the capture of libtest, so that whoever runs it sees what was not tried.
        let _said = writeln!(
            std::io::stderr(),
            "infra: SKIPPED, terraform is not on the PATH"
        );
        return;
    };
    let sam = template::Template::of_the_repository().facts();
    let only = |one: &Facts, other: &Facts| {
        let lines: Vec<String> = one.lines.difference(&other.lines).cloned().collect();
        lines.join("\n  ")
    };
    assert!(
        terraform == sam,
        "\nonly Terraform:\n  {}\nonly SAM:\n  {}\n",
        only(&terraform, &sam),
        only(&sam, &terraform),
    );
    // What is compared is all that it should be.
    let kinds: BTreeSet<&str> = sam
        .lines
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let expected = [
        "advance",
        "alarm",
        "approval",
        "archive",
        "control",
        "link",
        "notify",
        "queue",
        "scheduler",
        "service",
        "table",
        "topic",
        "watch",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_right_that_only_one_of_them_gives_is_noticed() {
    let template = template::Template::of_the_repository();
    let other = template.replaced("sqs:ReceiveMessage", "sqs:PurgeQueue");
    let lost: Vec<String> = template
        .facts()
        .lines
        .difference(&other.facts().lines)
        .cloned()
        .collect();
    assert_eq!(
        lost,
        ["alarm may sqs:ReceiveMessage on arn:aws:sqs:eu-west-1:123456789012:tidegate-alarms"]
    );
}
