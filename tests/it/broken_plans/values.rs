//! Values that are not what their place wants.

use expect_test::expect;

use super::{SOUND, check_adding, check_with, dedent};

#[test]
fn words_that_yaml_readers_take_for_something_else() {
    check_with(
        "service: booking",
        "service: no",
        &expect![[r#"
            error[ambiguous-text]: service: many YAML readers take `no` for a yes-or-no word
             --> plan.yaml:1:10
              |
            1 | service: no
              |          ^^ expected a service's name
              |
              = help: write it in quotes: `"no"`

        "#]],
    );
    check_with(
        "stable: old",
        "stable: 1e3",
        &expect![[r#"
        error[ambiguous-text]: routes.dns.route53.stable: many YAML readers take `1e3` for a number
         --> plan.yaml:9:70
          |
        9 |   dns: { route53: { zone: Z1, name: example.com, types: [A], stable: 1e3, canary: new } }
          |                                                                      ^^^ expected a text
          |
          = help: write it in quotes: `"1e3"`

    "#]],
    );
    check_with(
        "leads: [aiko@example.com, ben@example.com]",
        "leads: [on, 010, 12:30]",
        &expect![[r#"
            error[ambiguous-text]: groups.leads[0]: many YAML readers take `on` for a yes-or-no word
              --> plan.yaml:26:11
               |
            26 |   leads: [on, 010, 12:30]
               |           ^^ expected a person: an IAM principal, a Slack user id or a mail address
               |
               = help: write it in quotes: `"on"`

            error[ambiguous-text]: groups.leads[1]: many YAML readers take `010` for a number
              --> plan.yaml:26:15
               |
            26 |   leads: [on, 010, 12:30]
               |               ^^^ expected a person: an IAM principal, a Slack user id or a mail address
               |
               = help: write it in quotes: `"010"`

            error[ambiguous-text]: groups.leads[2]: many YAML readers take `12:30` for a number to the base of sixty
              --> plan.yaml:26:20
               |
            26 |   leads: [on, 010, 12:30]
               |                    ^^^^^ expected a person: an IAM principal, a Slack user id or a mail address
               |
               = help: write it in quotes: `"12:30"`

        "#]],
    );
}

#[test]
fn a_name_with_a_capital() {
    check_with(
        "- name: half",
        "- name: Early Adopters",
        &expect![[r#"
        error[bad-name]: phases[0].name: `Early Adopters` is no name: a name has only lower-case letters, digits, `-` and `_`, this has `E`
          --> plan.yaml:15:11
           |
        15 |   - name: Early Adopters
           |           ^ expected a phase's name
           |
           = help: write `early-adopters`

    "#]],
    );
}

#[test]
fn a_text_that_is_too_long() {
    check_with(
        "stable: old",
        "stable: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        &expect![[r#"
            error[too-long]: routes.dns.route53.stable: a text of 130 characters
             --> plan.yaml:9:70
              |
            9 | ...e: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, c...
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected at most 128
              |
              = help: say it shorter

        "#]],
    );
}

#[test]
fn an_unknown_word() {
    check_adding(
        "finish: automatic",
        &expect![[r#"
            error[unknown-word]: finish: `automatic` is no such word
              --> plan.yaml:27:9
               |
            27 | finish: automatic
               |         ^^^^^^^^^ expected what happens at the end: `auto` or `manual`
               |
               = help: did you mean `auto`?

        "#]],
    );
    check_adding(
        "locale: jp",
        &expect![[r#"
        error[unknown-word]: locale: `jp` is no such word
          --> plan.yaml:27:9
           |
        27 | locale: jp
           |         ^^ expected the language of messages: `en` or `ja`
           |
           = help: did you mean `ja`?

    "#]],
    );
    check_with(
        "stat: Maximum",
        "stat: max",
        &expect![[r#"
            error[unknown-word]: metrics.queue.cloudwatch.stat: `max` is no statistic
              --> plan.yaml:13:62
               |
            13 |   queue: { cloudwatch: { namespace: Jobs, name: Queue, stat: max } }
               |                                                              ^^^ expected a statistic: Sum, Average, Minimum, Maximum, SampleCount, IQM, or one such as p95 or tm90
               |
               = help: did you mean `Maximum`?

        "#]],
    );
}

#[test]
fn a_measure() {
    check_with(
        "measure: 5xx_ratio",
        "measure: 5xx_rate",
        &expect![[r#"
        error[bad-measure]: metrics.errors.measure: `5xx_rate` is no measure
          --> plan.yaml:11:32
           |
        11 |   errors: { alb: web, measure: 5xx_rate }
           |                                ^^^^^^^^ expected a measure: 5xx_ratio, 4xx_ratio, success_ratio, requests, or a latency such as latency_p95
           |
           = help: did you mean `5xx_ratio`?

    "#]],
    );
}

#[test]
fn arns() {
    check_with(
        "targetgroup/new/5",
        "loadbalancer/app/new/5",
        &expect![[r#"
            error[bad-arn]: routes.web.alb.canary: the resource is `loadbalancer/app/new/5`
             --> plan.yaml:7:72
              |
            7 |       canary: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/new/5
              |                                                                        ^^^^^^^^^^^^^^^^^^^^^^ expected the ARN of a target group
              |
              = help: write `arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/new/73e2d6bc24d8a067` or the like

        "#]],
    );
    check_with(
        "ap-northeast-1:123456789012:targetgroup/new/5",
        "ap-northeast-1:1234:targetgroup/new/5",
        &expect![[r#"
            error[bad-arn]: routes.web.alb.canary: the account is `1234`
             --> plan.yaml:7:59
              |
            7 |       canary: arn:aws:elasticloadbalancing:ap-northeast-1:1234:targetgroup/new/5
              |                                                           ^^^^ expected the ARN of a target group
              |
              = help: write `arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/new/73e2d6bc24d8a067` or the like

        "#]],
    );
    check_adding(
        "alarms: [{ arn: new-5xx, severity: critical }]",
        &expect![[r#"
            error[bad-arn]: alarms[0].arn: `new-5xx` is no ARN
              --> plan.yaml:27:17
               |
            27 | alarms: [{ arn: new-5xx, severity: critical }]
               |                 ^^^^^^^ expected the ARN of a CloudWatch alarm
               |
               = help: write `arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:new-5xx-critical` or the like

        "#]],
    );
}

#[test]
fn addresses() {
    check_with(
        "zone: Z1",
        "zone: example.com",
        &expect![[r#"
        error[bad-address]: routes.dns.route53.zone: `example.com` is no hosted zone's id
         --> plan.yaml:9:27
          |
        9 |   dns: { route53: { zone: example.com, name: example.com, types: [A], stable: old, canary: new } }
          |                           ^^^^^^^^^^^ expected a hosted zone's id, such as Z0123456789ABCDEFGHIJ
          |
          = help: copy the id from `aws route53 list-hosted-zones`; it begins with `Z`

    "#]],
    );
    check_with(
        "name: example.com",
        "name: example..com",
        &expect![[r#"
        error[bad-address]: routes.dns.route53.name: `example..com` is no DNS name
         --> plan.yaml:9:37
          |
        9 |   dns: { route53: { zone: Z1, name: example..com, types: [A], stable: old, canary: new } }
          |                                     ^^^^^^^^^^^^ expected a DNS name, such as www.example.com
          |
          = help: write labels of up to 63 letters, digits and `-`, with dots between them

    "#]],
    );
    check_adding(
        r#"notify: [{ email: nobody }, { slack: releases }, { sms: "0900000000" }]"#,
        &expect![[r##"
            error[bad-address]: notify[0].email: `nobody` is no such address
              --> plan.yaml:27:19
               |
            27 | notify: [{ email: nobody }, { slack: releases }, { sms: "0900000000" }]
               |                   ^^^^^^ expected a mail address
               |
               = help: write `on-call@example.com` or the like

            error[bad-address]: notify[1].slack: `releases` is no such address
              --> plan.yaml:27:38
               |
            27 | notify: [{ email: nobody }, { slack: releases }, { sms: "0900000000" }]
               |                                      ^^^^^^^^ expected a Slack channel, such as "#releases"
               |
               = help: write `"#releases"` or the like

            error[bad-address]: notify[2].sms: `0900000000` is no such address
              --> plan.yaml:27:57
               |
            27 | notify: [{ email: nobody }, { slack: releases }, { sms: "0900000000" }]
               |                                                         ^^^^^^^^^^^^ expected a telephone number with `+` and the country's code
               |
               = help: write `"+819012345678"` or the like

        "##]],
    );
}

#[test]
fn folders_for_reports() {
    for bad in [
        "my-reports",
        "s3://My_Reports",
        "s3://ab",
        "s3://my-reports//x",
        "s3://my-reports/a b",
    ] {
        let plan = format!("{}\nreports: \"{bad}\"\n", dedent(SOUND));
        let problems = plan::parse(&plan).unwrap_err();
        assert_eq!(problems.len(), 1, "{bad}");
        assert_eq!(problems[0].code.to_string(), "bad-address", "{bad}");
    }
    check_adding(
        "reports: my-reports/tidegate",
        &expect![[r#"
        error[bad-address]: reports: `my-reports/tidegate` is no such place
          --> plan.yaml:27:10
           |
        27 | reports: my-reports/tidegate
           |          ^^^^^^^^^^^^^^^^^^^ expected a bucket of S3, and a folder in it if you want one
           |
           = help: write `s3://`, the bucket's name and a folder, as in `s3://my-reports/tidegate/`

    "#]],
    );
    let kept = |text: &str| {
        let plan = plan::parse(&format!("{}\nreports: {text}\n", dedent(SOUND)))
            .unwrap()
            .plan;
        plan.reports.unwrap().address("shop/7-31.md")
    };
    assert_eq!(kept("s3://my-reports"), "s3://my-reports/shop/7-31.md");
    assert_eq!(kept("s3://my-reports/"), "s3://my-reports/shop/7-31.md");
    assert_eq!(
        kept("s3://my.reports/a/b-c"),
        "s3://my.reports/a/b-c/shop/7-31.md"
    );
}

#[test]
fn a_time_at_which_nobody_is_told() {
    check_adding(
        r#"notify: [{ email: a@b.c, hours: "7-22" }, { email: d@e.f, hours: "07:00-07:00", silent_until: tomorrow }]"#,
        &expect![[r#"
            error[bad-date]: notify[0].hours: `7-22` is no part of the day
              --> plan.yaml:27:33
               |
            27 | notify: [{ email: a@b.c, hours: "7-22" }, { email: d@e.f, hours: "07:00-07:00", silent_until: tomorrow }]
               |                                 ^^^^^^ expected a part of the day, such as "22:00-07:00"
               |
               = help: write two different times with two digits each, as in `"22:00-07:00"`

            error[bad-date]: notify[1].hours: `07:00-07:00` is no part of the day
              --> plan.yaml:27:66
               |
            27 | notify: [{ email: a@b.c, hours: "7-22" }, { email: d@e.f, hours: "07:00-07:00", silent_until: tomorrow }]
               |                                                                  ^^^^^^^^^^^^^ expected a part of the day, such as "22:00-07:00"
               |
               = help: write two different times with two digits each, as in `"22:00-07:00"`

            error[bad-date]: notify[1].silent_until: `tomorrow` is no point in time
              --> plan.yaml:27:95
               |
            27 | notify: [{ email: a@b.c, hours: "7-22" }, { email: d@e.f, hours: "07:00-07:00", silent_until: tomorrow }]
               |                                                                                               ^^^^^^^^ expected a date and time with its zone, such as 2026-12-28T09:00:00Z
               |
               = help: write the date, `T`, the time and `Z` or an offset, as in `2026-12-28T18:00:00+09:00`

        "#]],
    );
}

#[test]
fn an_address_without_encryption() {
    check_adding(
        "hooks: { page: { webhook: http://example.com } }",
        &expect![[r#"
            error[bad-address]: hooks.page.webhook: `http://example.com` is no such address
              --> plan.yaml:27:27
               |
            27 | hooks: { page: { webhook: http://example.com } }
               |                           ^^^^^^^^^^^^^^^^^^ expected an address, such as https://hooks.example.com/tidegate
               |
               = help: begin with `https://`

        "#]],
    );
}

#[test]
fn a_secret() {
    check_adding(
        "notify: [{ webhook: https://hooks.slack.com/services/T0/B0/x }]",
        &expect![[r#"
            error[secret]: notify[0].webhook: this address is a secret: whoever knows it can write to the channel
              --> plan.yaml:27:21
               |
            27 | notify: [{ webhook: https://hooks.slack.com/services/T0/B0/x }]
               |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected no secret in a plan, which many people read
               |
               = help: name the channel under `notify`, and keep the address in the secret store

        "#]],
    );
    check_adding(
        "hooks: { page: { webhook: https://me:secret@example.com/ } }",
        &expect![[r#"
            error[secret]: hooks.page.webhook: this address holds a password
              --> plan.yaml:27:27
               |
            27 | hooks: { page: { webhook: https://me:secret@example.com/ } }
               |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected no secret in a plan, which many people read
               |
               = help: delete what stands before the `@`; calls are signed instead

        "#]],
    );
}

#[test]
fn the_calendar() {
    check_adding(
        r#"calendar: { zone: JST, only_in: [{ days: [tues], from: 10:00, to: "24:00" }] }"#,
        &expect![[r#"
            error[bad-date]: calendar.zone: there is no time zone `JST`
              --> plan.yaml:27:19
               |
            27 | calendar: { zone: JST, only_in: [{ days: [tues], from: 10:00, to: "24:00" }] }
               |                   ^^^ expected an IANA time zone, such as Asia/Tokyo
               |
               = help: write `Asia/Tokyo`

            error[unknown-word]: calendar.only_in[0].days[0]: `tues` is no such word
              --> plan.yaml:27:43
               |
            27 | calendar: { zone: JST, only_in: [{ days: [tues], from: 10:00, to: "24:00" }] }
               |                                           ^^^^ expected a day of the week: `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`
               |
               = help: did you mean `tue`?

            error[ambiguous-text]: calendar.only_in[0].from: some YAML readers take `10:00` for a number to the base of sixty
              --> plan.yaml:27:56
               |
            27 | calendar: { zone: JST, only_in: [{ days: [tues], from: 10:00, to: "24:00" }] }
               |                                                        ^^^^^ expected a time of day from 00:00 to 23:59
               |
               = help: write it in quotes: `"10:00"`

            error[bad-date]: calendar.only_in[0].to: `24:00` is no time of day
              --> plan.yaml:27:67
               |
            27 | calendar: { zone: JST, only_in: [{ days: [tues], from: 10:00, to: "24:00" }] }
               |                                                                   ^^^^^^^ expected a time of day from 00:00 to 23:59
               |
               = help: write `"23:59"`

        "#]],
    );
    check_adding(
        "calendar: { zone: Asia/Tokio, freeze: [{ name: leap, from: 02-30, to: 3-1 }] }",
        &expect![[r#"
            error[bad-date]: calendar.zone: there is no time zone `Asia/Tokio`
              --> plan.yaml:27:19
               |
            27 | calendar: { zone: Asia/Tokio, freeze: [{ name: leap, from: 02-30, to: 3-1 }] }
               |                   ^^^^^^^^^^ expected an IANA time zone, such as Asia/Tokyo
               |
               = help: did you mean `Asia/Tokyo`?

            error[bad-date]: calendar.freeze[0].from: `02-30` is no day
              --> plan.yaml:27:60
               |
            27 | calendar: { zone: Asia/Tokio, freeze: [{ name: leap, from: 02-30, to: 3-1 }] }
               |                                                            ^^^^^ expected a day: 12-28 for every year, or 2027-04-29 for one
               |
               = help: write month and day with two digits each, as in `12-28`

            error[bad-date]: calendar.freeze[0].to: `3-1` is no day
              --> plan.yaml:27:71
               |
            27 | calendar: { zone: Asia/Tokio, freeze: [{ name: leap, from: 02-30, to: 3-1 }] }
               |                                                                       ^^^ expected a day: 12-28 for every year, or 2027-04-29 for one
               |
               = help: write month and day with two digits each, as in `12-28`

        "#]],
    );
}

#[test]
fn a_text_of_several_lines() {
    let item = |mark: &str| {
        format!(
            "bake: 1h\n        checklist:\n          - {mark}\n            the backup\n            is done\n"
        )
    };
    check_with(
        "bake: 1h\n",
        &item("|"),
        &expect![[r#"
        error[hidden-character]: phases[0].checklist[0]: a line break in the text
          --> plan.yaml:20:9
           |
        20 |         the backup
           |         ^^^^^^^^^^ expected a text
           |
           = help: write it in one line

    "#]],
    );
    check_with("bake: 1h\n", &item(">"), &expect![[""]]);
}
