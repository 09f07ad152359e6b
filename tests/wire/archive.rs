//! The archive's bucket, as the emulator keeps it: an object is written once, and locked.

use aws::archive::{Added, Bucket, Kind, Lock, Vault as _};
use aws_sdk_s3::{Client, config::Builder, types::ObjectLockMode};
use domain::time::Timestamp;

use crate::bed::Bed;

const BUCKET: &str = "wire-archive";

#[test]
fn an_object_is_written_once_and_locked_for_as_long_as_is_wanted() {
    Bed::shared().run(async {
        let config = Bed::shared().config();
        let by_path = Builder::from(&config).force_path_style(true);
        let client = Client::from_conf(by_path.build());
        let create = client.create_bucket().bucket(BUCKET);
        let create = create.object_lock_enabled_for_bucket(true);
        create.send().await.expect("CreateBucket");
        let bucket = Bucket::new(
            &config,
            BUCKET.to_owned(),
            "audit/".to_owned(),
            Lock::Days(2),
        );
        let now = Timestamp::now();
        let add = |text: &str| {
            bucket.add(
                "heads/2026-12-01.jsonl",
                Kind::JsonLines,
                text.to_owned(),
                now,
            )
        };
        assert_eq!(add("first\n").await, Ok(Added::Done));
        assert_eq!(add("second\n").await, Ok(Added::Known));
        let get = client.get_object().bucket(BUCKET);
        let object = get.key("audit/heads/2026-12-01.jsonl").send().await;
        let object = object.expect("GetObject");
        assert_eq!(object.object_lock_mode, Some(ObjectLockMode::Compliance));
        let until = object.object_lock_retain_until_date;
        let days = until.expect("it is locked").secs() - now.as_second();
        assert_eq!(days, 2 * 24 * 60 * 60);
        let text = object.body.collect().await.expect("a body").to_vec();
        assert_eq!(text, b"first\n");
        let missing = Bucket::new(
            &config,
            "wire-nowhere".to_owned(),
            String::new(),
            Lock::None,
        );
        let nowhere = missing
            .add("heads/x.jsonl", Kind::JsonLines, String::new(), now)
            .await;
        let why = nowhere.expect_err("there is no such bucket");
        assert_eq!(why.what, "there is no bucket wire-nowhere");
    });
}
