//! What the SAM template says, with every condition true and the places of Terraform's own test as parameters.

use std::{fs, path::Path};

use serde_json::{Map, Value};

use crate::{
    facts::{Facts, listed, pattern_text, short, text},
    yaml,
};

/// Where the functions are, in an account that is nobody's.
const HERE: &str = "eu-west-1:123456789012";

/// What `infra/terraform/tests/stack.tftest.hcl` names; the rest are defaults.
const PARAMETERS: [(&str, &str); 30] = [
    ("Service", "shop"),
    (
        "Listener",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2",
    ),
    (
        "BaseRule",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee",
    ),
    (
        "StableTargetGroup",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-old/73e2d6bc24d8a067",
    ),
    (
        "CanaryTargetGroup",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-new/2453ed029918f21f",
    ),
    ("HealthCheckMax5xx", "20"),
    ("HostedZone", "Z08345672JV6K3EXAMPLE"),
    ("RecordName", "*.xn--6wym69a.com"),
    ("RecordTypes", "A,AAAA"),
    (
        "AliasFunction",
        "arn:aws:lambda:eu-west-1:123456789012:function:prices",
    ),
    (
        "HookFunctions",
        "arn:aws:lambda:eu-west-1:123456789012:function:announce",
    ),
    (
        "HookDocuments",
        "arn:aws:ssm:eu-west-1:123456789012:document/Shop-LoadTest",
    ),
    ("HookRoles", "arn:aws:iam::123456789012:role/shop-load-test"),
    (
        "AlarmArns",
        "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-severe-bugs",
    ),
    ("SlackParameter", "tidegate/slack"),
    ("SlackChannel", "#releases"),
    ("SlackSigningParameter", "tidegate/slack-signing"),
    ("HooksParameter", "tidegate/hooks"),
    ("PagerdutyParameter", "tidegate/pagerduty"),
    ("WebhookParameter", "tidegate/webhook"),
    ("SigningParameter", "tidegate/tidegate/signing"),
    ("VerifyingParameter", "tidegate/tidegate/verifying"),
    ("CodeParameter", "tidegate/tidegate/code"),
    ("Sms", "true"),
    ("Topics", "arn:aws:sns:eu-west-1:123456789012:shop-people"),
    ("SlackTeam", "T1DC2JH3J"),
    ("ReportBucket", "reports-of-shop"),
    ("ArchiveBucket", "audit-of-shop"),
    ("ArchivePrefix", "tidegate/"),
    ("ArchiveLockDays", "365"),
];

/// Where Terraform's own test says that the page is.
const PAGE: &str = "https://abcdefghijklmnop.lambda-url.eu-west-1.on.aws/";

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555";

/// The template, and what it was read from.
pub(crate) struct Template {
    text: String,
    root: Value,
}

impl Template {
    pub(crate) fn of_the_repository() -> Self {
        let path = Path::new("../infra/sam/template.yaml");
        Self::new(fs::read_to_string(path).expect("the template can be read"))
    }

    fn new(text: String) -> Self {
        let root = yaml::parse(&text);
        Self { text, root }
    }

    /// The same with other words.
    pub(crate) fn replaced(&self, from: &str, to: &str) -> Self {
        Self::new(self.text.replace(from, to))
    }

    fn resources(&self) -> &Map<String, Value> {
        self.root["Resources"]
            .as_object()
            .expect("there are resources")
    }

    /// The properties of every resource of a type, resolved.
    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Value> + 'a {
        self.resources()
            .values()
            .filter(move |resource| resource["Type"] == kind)
            .map(|resource| self.resolved(&resource["Properties"]))
    }

    pub(crate) fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        self.functions(&mut facts);
        self.roles(&mut facts);
        self.wakers(&mut facts);
        self.table(&mut facts);
        self.queues_and_topics(&mut facts);
        self.alarms(&mut facts);
        self.service(&mut facts);
        facts
    }

    fn functions(&self, facts: &mut Facts) {
        let all = self.resolved(&self.root["Globals"]["Function"]);
        for function in self.of_type("AWS::Serverless::Function") {
            let name = short(&function["FunctionName"]);
            facts.say(format!(
                "{name} runs {} of {} with {} MB for {} s",
                text(&all["Handler"]),
                text(&all["Runtime"]),
                text(&all["MemorySize"]),
                text(&function["Timeout"]),
            ));
            for (key, value) in function["Environment"]["Variables"]
                .as_object()
                .into_iter()
                .flatten()
            {
                facts.say(format!("{name} knows {key}={}", text(value)));
            }
            if let Some(reserve) = function.get("ReservedConcurrentExecutions") {
                facts.say(format!(
                    "{name} has {} executions for itself",
                    text(reserve)
                ));
            }
            if let Some(late) = function.get("EventInvokeConfig") {
                facts.say(format!(
                    "{name} tries {} times again within {} s, then {}",
                    text(&late["MaximumRetryAttempts"]),
                    text(&late["MaximumEventAgeInSeconds"]),
                    text(&late["DestinationConfig"]["OnFailure"]["Destination"]),
                ));
            }
        }
        for group in self.of_type("AWS::Logs::LogGroup") {
            let name = short(&group["LogGroupName"]);
            facts.say(format!(
                "{name} keeps its log {} days",
                text(&group["RetentionInDays"])
            ));
        }
    }

    fn roles(&self, facts: &mut Facts) {
        for role in self.of_type("AWS::IAM::Role") {
            let name = short(&role["RoleName"]);
            facts.door(&name, &role["AssumeRolePolicyDocument"]);
            for policy in listed(&role["Policies"]) {
                facts.policy(&name, &policy["PolicyDocument"]);
            }
            for policy in listed(&role["ManagedPolicyArns"]) {
                let policy = self.resolved(&self.resources()[&text(&policy)]["Properties"]);
                facts.policy(&name, &policy["PolicyDocument"]);
            }
        }
    }

    fn wakers(&self, facts: &mut Facts) {
        for schedule in self.of_type("AWS::Scheduler::Schedule") {
            let target = &schedule["Target"];
            facts.say(format!(
                "{} wakes at {} with {}, tried {} times again within {} s, then {}",
                short(&target["Arn"]),
                text(&schedule["ScheduleExpression"]),
                text(&target["Input"]),
                text(&target["RetryPolicy"]["MaximumRetryAttempts"]),
                text(&target["RetryPolicy"]["MaximumEventAgeInSeconds"]),
                text(&target["DeadLetterConfig"]["Arn"]),
            ));
        }
        for mapping in self.of_type("AWS::Lambda::EventSourceMapping") {
            facts.say(format!(
                "{} wakes for {}, {} at a time, answering {}, {} at once, from {}, tried {} times again within {} s, halved {}, only {}, then {}",
                short(&mapping["FunctionName"]),
                text(&mapping["EventSourceArn"]),
                text(&mapping["BatchSize"]),
                text(&mapping["FunctionResponseTypes"][0]),
                text(&mapping["ScalingConfig"]["MaximumConcurrency"]),
                text(&mapping["StartingPosition"]),
                text(&mapping["MaximumRetryAttempts"]),
                text(&mapping["MaximumRecordAgeInSeconds"]),
                text(&mapping["BisectBatchOnFunctionError"]),
                text(&mapping["FilterCriteria"]["Filters"][0]["Pattern"]),
                text(&mapping["DestinationConfig"]["OnFailure"]["Destination"]),
            ));
        }
        for permission in self.of_type("AWS::Lambda::Permission") {
            facts.permission(&permission);
        }
        for url in self.of_type("AWS::Lambda::Url") {
            facts.say(format!(
                "{} is open at a URL, signed {}, for other sites {}",
                short(&url["TargetFunctionArn"]),
                text(&url["AuthType"]),
                text(&url["Cors"]),
            ));
        }
    }

    fn table(&self, facts: &mut Facts) {
        for table in self.of_type("AWS::DynamoDB::Table") {
            let keys = |schema: &Value| -> Vec<String> {
                listed(schema)
                    .iter()
                    .map(|key| text(&key["AttributeName"]))
                    .collect()
            };
            let index = &table["GlobalSecondaryIndexes"][0];
            facts.say(format!(
                "table {} by {}, {} by {} with {} {}, expires by {}, streams {}, recovers {}, refuses to go {}, under {}, {}",
                text(&table["TableName"]),
                keys(&table["KeySchema"]).join("+"),
                text(&index["IndexName"]),
                keys(&index["KeySchema"]).join("+"),
                text(&index["Projection"]["ProjectionType"]),
                index["Projection"]["NonKeyAttributes"],
                text(&table["TimeToLiveSpecification"]["AttributeName"]),
                text(&table["StreamSpecification"]["StreamViewType"]),
                text(&table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]),
                text(&table["DeletionProtectionEnabled"]),
                text(&table["SSESpecification"]["KMSMasterKeyId"]),
                text(&table["BillingMode"]),
            ));
        }
    }

    fn queues_and_topics(&self, facts: &mut Facts) {
        for queue in self.of_type("AWS::SQS::Queue") {
            let redrive = &queue["RedrivePolicy"];
            facts.say(format!(
                "queue {} hides {} s, keeps {} s, under {}, {} times and then {}",
                text(&queue["QueueName"]),
                text(&queue["VisibilityTimeout"]),
                text(&queue["MessageRetentionPeriod"]),
                text(&queue["KmsMasterKeyId"]),
                text(&redrive["maxReceiveCount"]),
                text(&redrive["deadLetterTargetArn"]),
            ));
        }
        for policy in self.of_type("AWS::SQS::QueuePolicy") {
            facts.door(
                &format!("queue {}", text(&policy["Queues"][0])),
                &policy["PolicyDocument"],
            );
        }
        for topic in self.of_type("AWS::SNS::Topic") {
            let name = text(&topic["TopicName"]);
            facts.say(format!(
                "topic {name} under {}",
                text(&topic["KmsMasterKeyId"])
            ));
        }
        for policy in self.of_type("AWS::SNS::TopicPolicy") {
            facts.door(
                &format!("topic {}", text(&policy["Topics"][0])),
                &policy["PolicyDocument"],
            );
        }
        for subscription in self.of_type("AWS::SNS::Subscription") {
            // People are whoever the stack is put up for.
            if subscription["Protocol"] == "lambda" {
                facts.say(format!(
                    "topic {} tells {}, then {}",
                    text(&subscription["TopicArn"]),
                    text(&subscription["Endpoint"]),
                    text(&subscription["RedrivePolicy"]["deadLetterTargetArn"]),
                ));
            }
        }
    }

    fn alarms(&self, facts: &mut Facts) {
        for alarm in self.of_type("AWS::CloudWatch::Alarm") {
            let what = if alarm["Metrics"].is_array() {
                let parts = listed(&alarm["Metrics"]);
                let part = |one: &Value| {
                    let measured = &one["MetricStat"];
                    format!(
                        "{}: {} {}",
                        text(&one["Id"]),
                        text(&one["Expression"]),
                        metric(measured, &measured["Metric"], "Stat")
                    )
                };
                let mut parts: Vec<String> = parts.iter().map(part).collect();
                parts.sort();
                parts.join("; ")
            } else {
                let percentile = alarm.get("ExtendedStatistic").is_some();
                let statistic = if percentile {
                    "ExtendedStatistic"
                } else {
                    "Statistic"
                };
                metric(&alarm, &alarm, statistic)
            };
            let periods = text(&alarm["EvaluationPeriods"]);
            facts.say(format!(
                "watch {}: {what} {} {}, {} of {periods}, missing is {}, few are {}, then {}",
                text(&alarm["AlarmName"]),
                text(&alarm["ComparisonOperator"]),
                text(&alarm["Threshold"]),
                alarm.get("DatapointsToAlarm").map_or(periods.clone(), text),
                text(&alarm["TreatMissingData"]),
                text(&alarm["EvaluateLowSampleCountPercentile"]),
                text(&alarm["AlarmActions"][0]),
            ));
        }
        for alarm in self.of_type("AWS::CloudWatch::CompositeAlarm") {
            facts.say(format!(
                "watch {}: {}, then {}",
                text(&alarm["AlarmName"]),
                text(&alarm["AlarmRule"]),
                text(&alarm["AlarmActions"][0])
            ));
        }
    }

    fn service(&self, facts: &mut Facts) {
        for rule in self.of_type("AWS::Events::Rule") {
            let target = &rule["Targets"][0];
            facts.say(format!(
                "service rule {} hears {}, tells {}, tried {} times again within {} s, then {}",
                text(&rule["Name"]),
                pattern_text(&rule["EventPattern"]),
                text(&target["Arn"]),
                text(&target["RetryPolicy"]["MaximumRetryAttempts"]),
                text(&target["RetryPolicy"]["MaximumEventAgeInSeconds"]),
                text(&target["DeadLetterConfig"]["Arn"]),
            ));
        }
        for check in self.of_type("AWS::Route53::HealthCheck") {
            let check = &check["HealthCheckConfig"];
            facts.say(format!(
                "service health check {} of {} in {}, without data {}",
                text(&check["Type"]),
                text(&check["AlarmIdentifier"]["Name"]),
                text(&check["AlarmIdentifier"]["Region"]),
                text(&check["InsufficientDataHealthStatus"]),
            ));
        }
        for dashboard in self.of_type("AWS::CloudWatch::Dashboard") {
            facts.say(format!(
                "service dashboard {}",
                text(&dashboard["DashboardName"])
            ));
        }
    }
}

/// A metric with its statistic and its dimensions.
fn metric(measured: &Value, metric: &Value, statistic: &str) -> String {
    let mut dimensions: Vec<String> = listed(&metric["Dimensions"])
        .iter()
        .map(|one| format!("{}={}", text(&one["Name"]), text(&one["Value"])))
        .collect();
    dimensions.sort();
    format!(
        "{} {} [{}] {} of {} s",
        text(&metric["Namespace"]),
        text(&metric["MetricName"]),
        dimensions.join(" "),
        text(&measured[statistic]),
        text(&measured["Period"]),
    )
}

/// Intrinsic functions, answered as `CloudFormation` would if every condition held.
impl Template {
    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.resolved(item));
                Value::Array(items.filter(|item| !item.is_null()).collect())
            }
            Value::Object(pairs) => {
                if let Some((function, argument)) = pairs.iter().next()
                    && pairs.len() == 1
                    && let Some(answer) = self.call(function, argument)
                {
                    return answer;
                }
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| (key.clone(), self.resolved(value)));
                Value::Object(pairs.filter(|(_, value)| !value.is_null()).collect())
            }
            scalar => scalar.clone(),
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        let part = |index: usize| self.resolved(&argument[index]);
        Some(match function {
            "Ref" => self.reference(&text(argument)),
            "Fn::GetAtt" => {
                let argument = text(argument);
                let (resource, attribute) = argument.split_once('.')?;
                Value::from(self.attribute(resource, attribute))
            }
            "Fn::If" => part(1),
            "Fn::Sub" => Value::from(self.substituted(argument)),
            "Fn::Join" => {
                let items: Vec<String> = listed(&part(1)).iter().map(text).collect();
                Value::from(items.join(&text(&part(0))))
            }
            "Fn::Split" => {
                let whole = text(&part(1));
                let between = text(&part(0));
                let parts = whole.split(between.as_str()).map(Value::from);
                Value::Array(parts.collect())
            }
            "Fn::Select" => {
                let index = part(0)
                    .as_u64()
                    .and_then(|index| usize::try_from(index).ok())?;
                part(1)[index].clone()
            }
            _ => return None,
        })
    }

    fn reference(&self, name: &str) -> Value {
        match name {
            "AWS::NoValue" => return Value::Null,
            "AWS::Partition" => return Value::from("aws"),
            "AWS::Region" => return Value::from("eu-west-1"),
            "AWS::AccountId" => return Value::from("123456789012"),
            "KmsKeyArn" => return Value::from(KEY),
            _ => {}
        }
        let parameter = &self.root["Parameters"][name];
        if parameter.is_null() {
            return Value::from(self.attribute(name, "Ref"));
        }
        let given = PARAMETERS.iter().find(|(key, _)| *key == name);
        let value = given.map_or_else(
            || parameter["Default"].clone(),
            |(_, value)| Value::from(*value),
        );
        if parameter["Type"] == "CommaDelimitedList" {
            return Value::Array(text(&value).split(',').map(Value::from).collect());
        }
        value
    }

    fn substituted(&self, argument: &Value) -> String {
        let (pattern, names) = match argument {
            Value::Array(both) => (text(&both[0]), self.resolved(&both[1])),
            pattern => (text(pattern), Value::Null),
        };
        let mut parts = pattern.split("${");
        let mut answer = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a name ends");
            let value = match (names.get(name), name.split_once('.')) {
                (Some(value), _) => text(value),
                (None, Some((resource, attribute))) => self.attribute(resource, attribute),
                (None, None) => text(&self.reference(name)),
            };
            answer.push_str(&value);
            answer.push_str(rest);
        }
        answer
    }

    /// What AWS would call a resource of the template.
    fn attribute(&self, resource: &str, attribute: &str) -> String {
        let found = self.resources().get(resource);
        let found = found.unwrap_or_else(|| panic!("nothing is called `{resource}`"));
        let named = |property: &str| text(&self.resolved(&found["Properties"][property]));
        let kind = text(&found["Type"]);
        match (kind.as_str(), attribute) {
            ("AWS::DynamoDB::Table", "Ref") => named("TableName"),
            ("AWS::DynamoDB::Table", "Arn") => {
                format!("arn:aws:dynamodb:{HERE}:table/{}", named("TableName"))
            }
            ("AWS::DynamoDB::Table", "StreamArn") => {
                format!(
                    "arn:aws:dynamodb:{HERE}:table/{}/stream/2026-01-01T00:00:00.000",
                    named("TableName")
                )
            }
            ("AWS::SQS::Queue", "QueueName") => named("QueueName"),
            ("AWS::SQS::Queue", _) => format!("arn:aws:sqs:{HERE}:{}", named("QueueName")),
            ("AWS::SNS::Topic", _) => format!("arn:aws:sns:{HERE}:{}", named("TopicName")),
            ("AWS::Lambda::Url", "FunctionUrl") => PAGE.to_owned(),
            ("AWS::Serverless::Function", "Ref") => named("FunctionName"),
            ("AWS::Serverless::Function", "Arn") => {
                format!("arn:aws:lambda:{HERE}:function:{}", named("FunctionName"))
            }
            ("AWS::CloudWatch::Alarm", "Arn") => {
                format!("arn:aws:cloudwatch:{HERE}:alarm:{}", named("AlarmName"))
            }
            ("AWS::CloudWatch::Alarm", _) => named("AlarmName"),
            ("AWS::Events::Rule", "Arn") => format!("arn:aws:events:{HERE}:rule/{}", named("Name")),
            ("AWS::Scheduler::ScheduleGroup", _) => named("Name"),
            ("AWS::IAM::Role", _) => named("RoleName"),
            // What is found again by its name in the template.
            ("AWS::IAM::ManagedPolicy" | "AWS::Route53::HealthCheck", _) => resource.to_owned(),
            (kind, attribute) => panic!("nobody has said what {attribute} of {kind} is"),
        }
    }
}
