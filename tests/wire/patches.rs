//! What the bed's patches add to the emulator, shown by `tests/bed/check.py`; where moto has it too, both must agree.

use std::{
    process::Command,
    time::{Duration, SystemTime},
};

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Metric, MetricDataQuery, MetricDatum, MetricStat, StatusCode},
};

use crate::bed::{Bed, tools};

#[test]
fn the_patches_do_what_they_say() {
    let second = Bed::start("moto").expect("moto starts");
    let output = Command::new(tools().join("bed/bin/python"))
        .args(["-B", "bed/check.py"])
        .env("BED_ENDPOINT", Bed::shared().endpoint())
        .env("MOTO_ENDPOINT", second.endpoint())
        .output()
        .expect("the bed runs in the same Python");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// CloudWatch is the one service that the SDK talks to in CBOR, which the emulator reads only with a library more.
#[test]
fn metrics_are_understood_in_cbor() {
    let bed = Bed::shared();
    let now = SystemTime::now();
    let result = bed.run(async {
        let cloudwatch = bed.clients().cloudwatch;
        let datum = MetricDatum::builder().metric_name("Spoken").value(7.0);
        cloudwatch
            .put_metric_data()
            .namespace("Bed")
            .metric_data(datum.timestamp(DateTime::from(now)).build())
            .send()
            .await
            .expect("PutMetricData");
        let metric = Metric::builder().namespace("Bed").metric_name("Spoken");
        let stat = MetricStat::builder()
            .metric(metric.build())
            .period(60)
            .stat("Sum");
        let query = MetricDataQuery::builder().id("m").metric_stat(stat.build());
        cloudwatch
            .get_metric_data()
            .start_time(DateTime::from(now - Duration::from_mins(2)))
            .end_time(DateTime::from(now + Duration::from_mins(1)))
            .metric_data_queries(query.build())
            .send()
            .await
            .expect("GetMetricData")
    });
    let [found] = result.metric_data_results() else {
        panic!("one query has one result: {result:?}");
    };
    assert_eq!(found.status_code(), Some(&StatusCode::Complete));
    assert_eq!(found.values(), [7.0]);
    assert_eq!(found.timestamps().len(), 1);
}
