//! What Terraform puts up, read from the state that `terraform test` applies to a provider that is not there.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::facts::{Facts, listed, pattern_text, short, text};

/// What [`applied`] answers when the program is not there.
const NOT_FOUND: i32 = 127;

/// The stack with everything on, or nothing if there is no Terraform on this machine.
pub(crate) fn applied() -> Option<Facts> {
    let output = Command::new("../.ci/terraform")
        .args(["infra/terraform", "test", "-json", "-verbose"])
        .stderr(Stdio::inherit())
        .output()
        .expect("the script can be run");
    if output.status.code() == Some(NOT_FOUND) {
        return None;
    }
    let said = String::from_utf8(output.stdout).expect("Terraform writes text");
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("Terraform writes JSON"))
        .collect();
    let errors: Vec<String> = lines
        .iter()
        .filter(|line| line["@level"] == "error")
        .map(|line| text(&line["@message"]))
        .collect();
    assert!(
        output.status.success(),
        "terraform test failed: {errors:#?}"
    );
    let state = lines
        .iter()
        .find(|line| line["type"] == "test_state" && line["@testrun"] == "everything")
        .expect("the run `everything` was applied");
    Some(
        Stack {
            resources: listed(&state["test_state"]["root_module"]["resources"]),
        }
        .facts(),
    )
}

struct Stack {
    resources: Vec<Value>,
}

impl Stack {
    /// The resources of a type, without what the mocked provider cannot know.
    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> + 'a {
        self.resources
            .iter()
            .filter(move |resource| resource["type"] == kind)
            .map(|resource| &resource["values"])
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        self.functions(&mut facts);
        self.roles(&mut facts);
        self.wakers(&mut facts);
        self.table(&mut facts);
        self.queues(&mut facts);
        self.topics(&mut facts);
        self.alarms(&mut facts);
        self.service(&mut facts);
        facts
    }

    fn functions(&self, facts: &mut Facts) {
        for function in self.of_type("aws_lambda_function") {
            let name = short(&function["function_name"]);
            facts.say(format!(
                "{name} runs {} of {} with {} MB for {} s",
                text(&function["handler"]),
                text(&function["runtime"]),
                text(&function["memory_size"]),
                text(&function["timeout"]),
            ));
            for (key, value) in function["environment"][0]["variables"]
                .as_object()
                .into_iter()
                .flatten()
            {
                // SSM takes a name with or without the slash before it.
                let value = text(value);
                let value = if key.ends_with("_PARAMETER") {
                    value.trim_start_matches('/')
                } else {
                    &value
                };
                facts.say(format!("{name} knows {key}={value}"));
            }
            if function["reserved_concurrent_executions"] != -1 {
                facts.say(format!(
                    "{name} has {} executions for itself",
                    text(&function["reserved_concurrent_executions"])
                ));
            }
        }
        for late in self.of_type("aws_lambda_function_event_invoke_config") {
            facts.say(format!(
                "{} tries {} times again within {} s, then {}",
                short(&late["function_name"]),
                text(&late["maximum_retry_attempts"]),
                text(&late["maximum_event_age_in_seconds"]),
                text(&late["destination_config"][0]["on_failure"][0]["destination"]),
            ));
        }
        for group in self.of_type("aws_cloudwatch_log_group") {
            facts.say(format!(
                "{} keeps its log {} days",
                short(&group["name"]),
                text(&group["retention_in_days"])
            ));
        }
    }

    fn roles(&self, facts: &mut Facts) {
        for role in self.of_type("aws_iam_role") {
            facts.door(&short(&role["name"]), &inner(&role["assume_role_policy"]));
        }
        for resource in &self.resources {
            if resource["type"] == "aws_iam_role_policy" {
                // The scheduler's is the only one without a key.
                let who = resource["index"].as_str().unwrap_or("scheduler");
                facts.policy(who, &inner(&resource["values"]["policy"]));
            }
        }
    }

    fn wakers(&self, facts: &mut Facts) {
        for schedule in self.of_type("aws_scheduler_schedule") {
            let target = &schedule["target"][0];
            facts.say(format!(
                "{} wakes at {} with {}, tried {} times again within {} s, then {}",
                short(&target["arn"]),
                text(&schedule["schedule_expression"]),
                text(&target["input"]),
                text(&target["retry_policy"][0]["maximum_retry_attempts"]),
                text(&target["retry_policy"][0]["maximum_event_age_in_seconds"]),
                text(&target["dead_letter_config"][0]["arn"]),
            ));
        }
        for mapping in self.of_type("aws_lambda_event_source_mapping") {
            // What a queue does not have, the mocked provider makes up.
            let streams = mapping["starting_position"].is_string();
            let of_stream = |value: &Value| if streams { text(value) } else { "-".to_owned() };
            facts.say(format!(
                "{} wakes for {}, {} at a time, answering {}, {} at once, from {}, tried {} times again within {} s, halved {}, only {}, then {}",
                short(&mapping["function_name"]),
                text(&mapping["event_source_arn"]),
                text(&mapping["batch_size"]),
                text(&mapping["function_response_types"][0]),
                text(&mapping["scaling_config"][0]["maximum_concurrency"]),
                text(&mapping["starting_position"]),
                of_stream(&mapping["maximum_retry_attempts"]),
                of_stream(&mapping["maximum_record_age_in_seconds"]),
                of_stream(&mapping["bisect_batch_on_function_error"]),
                text(&mapping["filter_criteria"][0]["filter"][0]["pattern"]),
                text(&mapping["destination_config"][0]["on_failure"][0]["destination_arn"]),
            ));
        }
        for permission in self.of_type("aws_lambda_permission") {
            // SAM cannot make a permission for each of a list; there the team's own alarms come by queue and topic alone.
            let of_team = text(&permission["source_arn"]).ends_with(":alarm:shop-severe-bugs");
            if !of_team {
                facts.permission(&json!({
                    "FunctionName": permission["function_name"],
                    "Principal": permission["principal"],
                    "SourceArn": permission["source_arn"],
                    "SourceAccount": permission["source_account"],
                    "Action": permission["action"],
                    "FunctionUrlAuthType": permission["function_url_auth_type"],
                }));
            }
        }
        // What provider 5 cannot say is said in CloudFormation's words.
        for stack in self.of_type("aws_cloudformation_stack") {
            let resources = inner(&stack["template_body"]);
            for permission in resources["Resources"]
                .as_object()
                .into_iter()
                .flat_map(|resources| resources.values())
            {
                facts.permission(&permission["Properties"]);
            }
        }
        for url in self.of_type("aws_lambda_function_url") {
            facts.say(format!(
                "{} is open at a URL, signed {}, for other sites {}",
                short(&url["function_name"]),
                text(&url["authorization_type"]),
                text(&url["cors"][0]),
            ));
        }
    }

    fn table(&self, facts: &mut Facts) {
        for table in self.of_type("aws_dynamodb_table") {
            let index = &table["global_secondary_index"][0];
            facts.say(format!(
                "table {} by {}+{}, {} by {}+{} with {} {}, expires by {}, streams {}, recovers {}, refuses to go {}, under {}, {}",
                text(&table["name"]),
                text(&table["hash_key"]),
                text(&table["range_key"]),
                text(&index["name"]),
                text(&index["hash_key"]),
                text(&index["range_key"]),
                text(&index["projection_type"]),
                index["non_key_attributes"],
                text(&table["ttl"][0]["attribute_name"]),
                text(&table["stream_view_type"]),
                text(&table["point_in_time_recovery"][0]["enabled"]),
                text(&table["deletion_protection_enabled"]),
                text(&table["server_side_encryption"][0]["kms_key_arn"]),
                text(&table["billing_mode"]),
            ));
        }
    }

    fn queues(&self, facts: &mut Facts) {
        for resource in &self.resources {
            let queue = &resource["values"];
            if resource["type"] == "aws_sqs_queue" {
                // Only the queue of alarms sends on what was received too often.
                let redrive = match resource["name"].as_str() {
                    Some("alarms") => inner(&queue["redrive_policy"]),
                    _ => Value::Null,
                };
                facts.say(format!(
                    "queue {} hides {} s, keeps {} s, under {}, {} times and then {}",
                    text(&queue["name"]),
                    text(&queue["visibility_timeout_seconds"]),
                    text(&queue["message_retention_seconds"]),
                    text(&queue["kms_master_key_id"]),
                    text(&redrive["maxReceiveCount"]),
                    text(&redrive["deadLetterTargetArn"]),
                ));
            }
            if resource["type"] == "aws_sqs_queue_policy" {
                let policy = inner(&queue["policy"]);
                let queue = text(&policy["Statement"][0]["Resource"]);
                facts.door(&format!("queue {queue}"), &policy);
            }
        }
    }

    fn topics(&self, facts: &mut Facts) {
        for topic in self.of_type("aws_sns_topic") {
            facts.say(format!(
                "topic {} under {}",
                text(&topic["name"]),
                text(&topic["kms_master_key_id"])
            ));
        }
        for policy in self.of_type("aws_sns_topic_policy") {
            facts.door(
                &format!("topic {}", text(&policy["arn"])),
                &inner(&policy["policy"]),
            );
        }
        for subscription in self.of_type("aws_sns_topic_subscription") {
            facts.say(format!(
                "topic {} tells {}, then {}",
                text(&subscription["topic_arn"]),
                text(&subscription["endpoint"]),
                text(&inner(&subscription["redrive_policy"])["deadLetterTargetArn"]),
            ));
        }
    }

    fn alarms(&self, facts: &mut Facts) {
        for alarm in self.of_type("aws_cloudwatch_metric_alarm") {
            let percentile = alarm["extended_statistic"].is_string();
            let queries = listed(&alarm["metric_query"]);
            let what = if queries.is_empty() {
                metric(
                    alarm,
                    if percentile {
                        "extended_statistic"
                    } else {
                        "statistic"
                    },
                )
            } else {
                let part = |one: &Value| {
                    format!(
                        "{}: {} {}",
                        text(&one["id"]),
                        text(&one["expression"]),
                        metric(&one["metric"][0], "stat")
                    )
                };
                let mut parts: Vec<String> = queries.iter().map(part).collect();
                parts.sort();
                parts.join("; ")
            };
            let periods = text(&alarm["evaluation_periods"]);
            let points = alarm["datapoints_to_alarm"]
                .as_u64()
                .filter(|points| *points > 0);
            facts.say(format!(
                "watch {}: {what} {} {}, {} of {periods}, missing is {}, few are {}, then {}",
                text(&alarm["alarm_name"]),
                text(&alarm["comparison_operator"]),
                text(&alarm["threshold"]),
                points.map_or(periods.clone(), |points| points.to_string()),
                text(&alarm["treat_missing_data"]),
                if percentile {
                    text(&alarm["evaluate_low_sample_count_percentiles"])
                } else {
                    "-".to_owned()
                },
                text(&alarm["alarm_actions"][0]),
            ));
        }
        for alarm in self.of_type("aws_cloudwatch_composite_alarm") {
            facts.say(format!(
                "watch {}: {}, then {}",
                text(&alarm["alarm_name"]),
                text(&alarm["alarm_rule"]),
                text(&alarm["alarm_actions"][0])
            ));
        }
    }

    fn service(&self, facts: &mut Facts) {
        for (rule, target) in self
            .of_type("aws_cloudwatch_event_rule")
            .zip(self.of_type("aws_cloudwatch_event_target"))
        {
            facts.say(format!(
                "service rule {} hears {}, tells {}, tried {} times again within {} s, then {}",
                text(&rule["name"]),
                pattern_text(&inner(&rule["event_pattern"])),
                text(&target["arn"]),
                text(&target["retry_policy"][0]["maximum_retry_attempts"]),
                text(&target["retry_policy"][0]["maximum_event_age_in_seconds"]),
                text(&target["dead_letter_config"][0]["arn"]),
            ));
        }
        for check in self.of_type("aws_route53_health_check") {
            facts.say(format!(
                "service health check {} of {} in {}, without data {}",
                text(&check["type"]),
                text(&check["cloudwatch_alarm_name"]),
                text(&check["cloudwatch_alarm_region"]),
                text(&check["insufficient_data_health_status"]),
            ));
        }
        for dashboard in self.of_type("aws_cloudwatch_dashboard") {
            facts.say(format!(
                "service dashboard {}",
                text(&dashboard["dashboard_name"])
            ));
        }
    }
}

/// A metric with its statistic and its dimensions.
fn metric(metric: &Value, statistic: &str) -> String {
    let dimensions = metric["dimensions"].as_object().into_iter().flatten();
    let mut dimensions: Vec<String> = dimensions
        .map(|(name, value)| format!("{name}={}", text(value)))
        .collect();
    dimensions.sort();
    format!(
        "{} {} [{}] {} of {} s",
        text(&metric["namespace"]),
        text(&metric["metric_name"]),
        dimensions.join(" "),
        text(&metric[statistic]),
        text(&metric["period"]),
    )
}

/// JSON within a string.
fn inner(value: &Value) -> Value {
    serde_json::from_str(&text(value)).unwrap_or_else(|error| panic!("{value} is no JSON: {error}"))
}
