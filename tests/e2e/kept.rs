//! The report of a rollout that has ended: in the bucket that its plan names, and behind the link of the last message.

use std::time::Duration;

use aws_sdk_s3::{Client, config::Builder};
use serde_json::Value;

use crate::{
    bed::Bed,
    decision::here,
    driver::{Browser, Scripts},
    slack::Slack,
};

/// The bucket that the stack may keep reports in.
pub(crate) const BUCKET: &str = "tidegate-e2e-reports";

/// From the end to the message: the table's stream, the function, and a busy machine.
const TOLD: Duration = Duration::from_mins(2);

/// A plan whose reports are kept in the bucket.
pub(crate) fn plan(plan: &str) -> String {
    format!("{plan}reports: s3://{BUCKET}/shop\n")
}

/// Makes the bucket, as a team has one.
pub(crate) fn make_bucket(bed: &'static Bed) {
    bed.run(async {
        let create = client(bed).create_bucket().bucket(BUCKET);
        create
            .send()
            .await
            .unwrap_or_else(|why| panic!("CreateBucket: {why:?}"));
    });
}

fn client(bed: &Bed) -> Client {
    let by_path = Builder::from(&bed.config()).force_path_style(true);
    Client::from_conf(by_path.build())
}

/// Waits for a rollout's last message, and reads its report where that says: the page in the bucket, and the heading
/// behind the link.
pub(crate) fn read(bed: &'static Bed, slack: &Slack, rollout: &str) -> (String, String) {
    let title = format!("{rollout}: the rollback is confirmed");
    let message = slack.until(TOLD, |message| {
        let text = message["text"].as_str().unwrap_or_default();
        text.contains(&title)
    });
    let text = message["text"].as_str().unwrap_or_default();
    let begin = format!("s3://{BUCKET}/");
    let key = text
        .split(&begin)
        .nth(1)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_else(|| panic!("no report in {text}"));
    let page = bed.run(async {
        let get = client(bed).get_object().bucket(BUCKET).key(key);
        let object = get
            .send()
            .await
            .unwrap_or_else(|why| panic!("GetObject {key}: {why:?}"));
        let body = object.body.collect().await.expect("the object has a body");
        String::from_utf8(body.to_vec()).expect("a page is UTF-8")
    });
    let browser = Browser::start("e2e-report", Scripts::Off);
    browser.go(&here(bed, &address(&message)));
    let heading = browser.text("h1");
    browser.picture("e2e-report");
    (page, heading)
}

/// The address behind the word `Report`.
fn address(message: &Value) -> String {
    let text = message.to_string();
    let before = text.split("|Report>").next().unwrap_or_default();
    before.rsplit('<').next().unwrap_or_default().to_owned()
}
