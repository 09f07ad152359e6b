"""Shows each patch of `patches/` at work, through boto3. The wire tests run it:

    cargo test -p tests --test wire patches

BED_ENDPOINT and MOTO_ENDPOINT are two running servers; what moto knows of load balancers must hold on both.
"""

import collections
import io
import json
import os
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BED = os.environ["BED_ENDPOINT"]
MOTO = os.environ["MOTO_ENDPOINT"]
ACCOUNT = "arn:aws:cloudwatch:us-east-1:000000000000"


def client(service: str, endpoint: str = BED):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def until(look, seconds=30):
    """What `look` finds, which is asked for again until it is something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"nothing came within {seconds} s")
        time.sleep(0.05)
    return found


class Case(unittest.TestCase):
    def refused(self, code: str, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)


class Balancers:
    """What must hold on the bed and on moto."""

    endpoint: str
    name: str

    @classmethod
    def setUpClass(cls):
        cls.elb = client("elbv2", cls.endpoint)
        ec2 = client("ec2", cls.endpoint)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        balancer = cls.elb.create_load_balancer(Name=cls.name, Subnets=subnets)["LoadBalancers"][0]
        cls.host = balancer["DNSName"]
        cls.stable, cls.canary = (
            cls.elb.create_target_group(Name=f"{cls.name}-{side}", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
            for side in ("stable", "canary")
        )
        cls.listener = cls.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": cls.stable}],
        )["Listeners"][0]["ListenerArn"]

    def forward(self, canary: int, **sticky) -> list[dict]:
        groups = [
            {"TargetGroupArn": self.stable, "Weight": 100 - canary},
            {"TargetGroupArn": self.canary, "Weight": canary},
        ]
        config = {"TargetGroups": groups}
        if sticky:
            config["TargetGroupStickinessConfig"] = sticky
        return [{"Type": "forward", "ForwardConfig": config}]

    def make(self, priority: int, canary: int = 0, tags: dict | None = None) -> str:
        return self.elb.create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{priority}/*"]}}],
            Actions=self.forward(canary),
            Tags=[{"Key": key, "Value": value} for key, value in (tags or {"a": "b"}).items()],
        )["Rules"][0]["RuleArn"]

    def rule(self, arn: str) -> dict:
        return self.elb.describe_rules(RuleArns=[arn])["Rules"][0]

    def weights(self, actions: list[dict]) -> list[int]:
        return [group["Weight"] for group in actions[0]["ForwardConfig"]["TargetGroups"]]

    def test_weights_of_a_rule_are_kept(self):
        arn = self.make(10, canary=5)
        self.assertEqual(self.weights(self.rule(arn)["Actions"]), [95, 5])
        self.elb.modify_rule(RuleArn=arn, Actions=self.forward(25, Enabled=True, DurationSeconds=60))
        actions = self.rule(arn)["Actions"]
        self.assertEqual(self.weights(actions), [75, 25])
        self.assertEqual(actions[0]["ForwardConfig"]["TargetGroupStickinessConfig"], {"Enabled": True, "DurationSeconds": 60})
        self.assertNotIn("TargetGroupArn", actions[0])

    def test_weights_of_a_listener_are_kept(self):
        self.elb.modify_listener(ListenerArn=self.listener, DefaultActions=self.forward(40))
        listener = self.elb.describe_listeners(ListenerArns=[self.listener])["Listeners"][0]
        self.assertEqual(self.weights(listener["DefaultActions"]), [60, 40])
        default = [rule for rule in self.elb.describe_rules(ListenerArn=self.listener)["Rules"] if rule["IsDefault"]]
        self.assertEqual(self.weights(default[0]["Actions"]), [60, 40])

    def test_a_single_group_is_kept(self):
        arn = self.make(20)
        self.elb.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "TargetGroupArn": self.canary}])
        action = self.rule(arn)["Actions"][0]
        self.assertEqual(action["TargetGroupArn"], self.canary)
        # moto has it in one place only.
        if self.endpoint == BED:
            self.assertEqual(action["ForwardConfig"]["TargetGroups"], [{"TargetGroupArn": self.canary, "Weight": 1}])

    def test_a_rule_that_is_gone_is_refused(self):
        arn = self.make(30)
        self.elb.delete_rule(RuleArn=arn)
        self.refused("RuleNotFound", self.elb.describe_rules, RuleArns=[arn])
        self.refused("RuleNotFound", self.elb.modify_rule, RuleArn=arn, Actions=self.forward(5))

    def test_a_priority_is_taken_once(self):
        self.make(40)
        self.refused("PriorityInUse", self.make, priority=40)

    def test_a_group_that_is_not_there_is_refused(self):
        arn = self.make(50)
        missing = self.canary + "0"
        self.refused(
            "TargetGroupNotFound",
            self.elb.modify_rule,
            RuleArn=arn,
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": missing, "Weight": 1}]}}],
        )
        self.assertEqual(self.weights(self.rule(arn)["Actions"]), [100, 0])

    def test_tags_of_a_rule_are_kept(self):
        arn = self.make(60, tags={"tidegate:owner": "shop#7", "tidegate:guards": "0a1b2c3d 4e5f6071"})
        self.elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "tidegate:owner", "Value": "shop#8"}])
        told = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]
        tags = {tag["Key"]: tag["Value"] for tag in told["Tags"]}
        self.assertEqual(tags, {"tidegate:owner": "shop#8", "tidegate:guards": "0a1b2c3d 4e5f6071"})

    def test_registered_targets_are_healthy(self):
        before = self.elb.describe_target_health(TargetGroupArn=self.canary)["TargetHealthDescriptions"]
        self.assertEqual(before, [])
        self.elb.register_targets(TargetGroupArn=self.canary, Targets=[{"Id": "10.0.0.7", "Port": 80}])
        after = self.elb.describe_target_health(TargetGroupArn=self.canary)["TargetHealthDescriptions"]
        self.assertEqual([one["TargetHealth"]["State"] for one in after], ["healthy"])
        self.elb.deregister_targets(TargetGroupArn=self.canary, Targets=[{"Id": "10.0.0.7", "Port": 80}])


class OnMoto(Balancers, Case):
    endpoint, name = MOTO, "second"


class OnTheBed(Balancers, Case):
    endpoint, name = BED, "first"

    def test_rules_come_in_order_of_priority(self):
        self.make(73)
        self.make(71)
        rules = self.elb.describe_rules(ListenerArn=self.listener)["Rules"]
        found = [rule["Priority"] for rule in rules if rule["Priority"] in ("71", "73")]
        self.assertEqual(found, ["71", "73"])
        self.assertTrue(rules[-1]["IsDefault"])

    def test_a_rule_is_deleted_once(self):
        arn = self.make(35)
        self.elb.delete_rule(RuleArn=arn)
        self.refused("RuleNotFound", self.elb.delete_rule, RuleArn=arn)

    def test_weights_end_at_999(self):
        arn = self.make(80)
        groups = [{"TargetGroupArn": self.stable, "Weight": 1}, {"TargetGroupArn": self.canary, "Weight": 1000}]
        actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        self.refused("ValidationError", self.elb.modify_rule, RuleArn=arn, Actions=actions)
        groups[1]["Weight"] = 999
        self.elb.modify_rule(RuleArn=arn, Actions=actions)
        self.assertEqual(self.weights(self.rule(arn)["Actions"]), [1, 999])

    def test_rules_page(self):
        for priority in (91, 92, 93):
            self.make(priority)
        everything = self.elb.describe_rules(ListenerArn=self.listener)["Rules"]
        pages = list(self.elb.get_paginator("describe_rules").paginate(ListenerArn=self.listener, PaginationConfig={"PageSize": 2}))
        self.assertGreater(len(pages), 1)
        self.assertEqual([rule["RuleArn"] for page in pages for rule in page["Rules"]], [rule["RuleArn"] for rule in everything])

    def test_what_is_in_a_tag_is_escaped(self):
        arn = self.make(95, tags={"why": "5xx < 1 & p95"})
        told = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
        self.assertEqual(told, [{"Key": "why", "Value": "5xx < 1 & p95"}])

    def test_a_listener_that_is_not_there_is_refused(self):
        self.refused("ListenerNotFound", self.elb.describe_listeners, ListenerArns=[self.listener + "0"])
        self.refused("ListenerNotFound", self.elb.describe_rules, ListenerArn=self.listener + "0")

    def test_requests_go_where_the_weights_say(self):
        arn = self.make(99)
        functions = client("lambda")
        for side, group in (("stable", self.lambda_group("a")), ("canary", self.lambda_group("b"))):
            code = io.BytesIO()
            with zipfile.ZipFile(code, "w") as archive:
                archive.writestr("index.py", f"def handler(event, context):\n    return {{'statusCode': 200, 'body': '{side}'}}\n")
            function = functions.create_function(
                FunctionName=f"side-{side}",
                Runtime="python3.12",
                Handler="index.handler",
                Role="arn:aws:iam::000000000000:role/side",
                Code={"ZipFile": code.getvalue()},
            )["FunctionArn"]
            self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
            setattr(self, f"{side}_group", group)
        for canary, expected in ((0, {"stable"}), (100, {"canary"}), (50, {"stable", "canary"})):
            groups = [
                {"TargetGroupArn": self.stable_group, "Weight": 100 - canary},
                {"TargetGroupArn": self.canary_group, "Weight": canary},
            ]
            self.elb.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])
            # By chance all of 40 go to one side once in 2^39 runs.
            seen = collections.Counter(self.ask() for _ in range(40))
            self.assertEqual(set(seen), expected)

    def lambda_group(self, name: str) -> str:
        return self.elb.create_target_group(Name=f"side-{name}", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]

    def ask(self) -> str:
        request = urllib.request.Request(f"{BED}/99/x", headers={"Host": self.host})
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()


    def fault(self, what: str, **query: str) -> str:
        url = f"{BED}/_bed/{what}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="POST")) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def test_a_call_can_land_late(self):
        arn = self.make(97, canary=5)
        self.fault("hold", call="ModifyRule")
        sender = threading.Thread(target=self.quietly, args=(arn,))
        sender.start()
        self.fault("held", call="ModifyRule")
        self.assertEqual(self.weights(self.rule(arn)["Actions"]), [95, 5])
        self.elb.delete_rule(RuleArn=arn)
        self.assertIn("RuleNotFound", self.fault("release", call="ModifyRule"))
        sender.join()
        self.refused("RuleNotFound", self.elb.describe_rules, RuleArns=[arn])

    def quietly(self, arn: str):
        try:
            client("elbv2").modify_rule(RuleArn=arn, Actions=self.forward(25))
        except ClientError:
            pass


class Records(Case):
    @classmethod
    def setUpClass(cls):
        cls.route53 = client("route53")
        cls.zone = cls.route53.create_hosted_zone(Name="bed.example", CallerReference="bed")["HostedZone"]["Id"]

    def change(self, *records: dict):
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records]}
        return self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=batch)

    def record(self, name: str, side: str, weight: int) -> dict:
        return {
            "Name": f"{name}.bed.example",
            "Type": "A",
            "SetIdentifier": side,
            "Weight": weight,
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        }

    def names(self) -> list[str]:
        listed = self.route53.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return [one["Name"] for one in listed if one["Type"] == "A"]

    def test_weights_end_at_255(self):
        self.change(self.record("range", "Legacy", 255), self.record("range", "New", 0))
        self.refused("InvalidInput", lambda: self.change(self.record("range", "New", 256)))

    def test_weighted_and_simple_do_not_mix(self):
        simple = self.record("simple", "", 0)
        del simple["SetIdentifier"], simple["Weight"]
        # The whole batch is refused, the good part of it too.
        self.refused("InvalidChangeBatch", lambda: self.change(self.record("simple", "Legacy", 1), simple))
        self.assertNotIn("simple.bed.example.", self.names())

    def test_a_weighted_record_has_one_value(self):
        record = self.record("many", "Legacy", 1)
        record["ResourceRecords"].append({"Value": "192.0.2.2"})
        self.refused("InvalidChangeBatch", lambda: self.change(record))


class Alarms(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloudwatch = client("cloudwatch")
        cls.sqs = client("sqs")

    def queue(self, name: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    def message(self, url: str) -> dict:
        def look():
            return self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages")

        return json.loads(until(look)[0]["Body"])

    def put(self, name: str, **more) -> str:
        given = {
            "Namespace": "Bed",
            "MetricName": name,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        self.cloudwatch.put_metric_alarm(AlarmName=name, **{**given, **more})
        return f"{ACCOUNT}:alarm:{name}"

    def alarm(self, name: str) -> dict:
        return self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    def test_a_transition_is_told_with_one_timestamp(self):
        url, queue = self.queue("told")
        topics = client("sns")
        topic = topics.create_topic(Name="told")["TopicArn"]
        by_topic, topic_queue = self.queue("told-by-topic")
        topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=topic_queue)
        arn = self.put("told", AlarmActions=[topic], Dimensions=[{"Name": "TargetGroup", "Value": "targetgroup/new/1"}])
        bus = client("events")
        pattern = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], "resources": [arn]}
        bus.put_rule(Name="told", EventPattern=json.dumps(pattern))
        bus.put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": queue}])

        self.cloudwatch.set_alarm_state(AlarmName="told", StateValue="ALARM", StateReason="a drill")
        event = self.message(url)
        self.assertEqual(event["source"], "aws.cloudwatch")
        self.assertEqual(event["resources"], [arn])
        detail = event["detail"]
        self.assertEqual(detail["state"]["value"], "ALARM")
        self.assertEqual(detail["previousState"]["value"], "INSUFFICIENT_DATA")
        metric = detail["configuration"]["metrics"][0]["metricStat"]["metric"]
        self.assertEqual(metric["dimensions"], {"TargetGroup": "targetgroup/new/1"})

        told = json.loads(self.message(by_topic)["Message"])
        self.assertEqual(told["AlarmArn"], arn)
        self.assertEqual(told["NewStateValue"], "ALARM")
        self.assertEqual(told["StateChangeTime"], detail["state"]["timestamp"])
        alarm = self.alarm("told")
        for field in ("StateUpdatedTimestamp", "StateTransitionedTimestamp"):
            moment = alarm[field].strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
            self.assertEqual(moment, told["StateChangeTime"])

        self.cloudwatch.set_alarm_state(AlarmName="told", StateValue="OK", StateReason="over")
        self.assertEqual(self.message(url)["detail"]["previousState"], detail["state"])

    def test_a_function_can_be_an_action(self):
        url, queue = self.queue("called")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", "def handler(event, context):\n    raise ValueError('so that the event is sent on')\n")
        functions = client("lambda")
        function = functions.create_function(
            FunctionName="called",
            Runtime="python3.12",
            Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/called",
            Code={"ZipFile": code.getvalue()},
        )["FunctionArn"]
        functions.put_function_event_invoke_config(
            FunctionName="called", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue}}
        )
        arn = self.put("called", AlarmActions=[function])
        self.cloudwatch.set_alarm_state(AlarmName="called", StateValue="ALARM", StateReason="a drill")
        event = self.message(url)["requestPayload"]
        self.assertEqual(event["alarmArn"], arn)
        self.assertEqual(event["alarmData"]["state"]["value"], "ALARM")

    def test_a_composite_is_told_too(self):
        url, queue = self.queue("composite")
        child = self.put("child")
        self.cloudwatch.put_composite_alarm(AlarmName="parent", AlarmRule='ALARM("child")')
        bus = client("events")
        pattern = {"source": ["aws.cloudwatch"], "resources": [f"{ACCOUNT}:alarm:parent"], "detail": {"state": {"value": ["ALARM"]}}}
        bus.put_rule(Name="composite", EventPattern=json.dumps(pattern))
        bus.put_targets(Rule="composite", Targets=[{"Id": "queue", "Arn": queue}])
        self.cloudwatch.set_alarm_state(AlarmName="child", StateValue="ALARM", StateReason="a drill")
        detail = self.message(url)["detail"]
        self.assertEqual(detail["configuration"]["alarmRule"], 'ALARM("child")')
        cause = json.loads(detail["state"]["reasonData"])["triggeringAlarms"][0]
        self.assertEqual((cause["arn"], cause["state"]["value"]), (child, "ALARM"))

    def test_an_alarm_has_its_own_dimensions(self):
        self.put("sides", Dimensions=[{"Name": "Side", "Value": "canary"}])
        for side, state in (("stable", "INSUFFICIENT_DATA"), ("canary", "ALARM")):
            datum = {"MetricName": "sides", "Value": 9, "Dimensions": [{"Name": "Side", "Value": side}]}
            self.cloudwatch.put_metric_data(Namespace="Bed", MetricData=[datum])
            self.assertEqual(self.alarm("sides")["StateValue"], state)

    def test_two_of_three_points_are_two(self):
        self.put("two", EvaluationPeriods=3, DatapointsToAlarm=2)
        now = int(time.time())
        for back, state in ((0, "OK"), (60, "ALARM")):
            self.cloudwatch.put_metric_data(Namespace="Bed", MetricData=[{"MetricName": "two", "Value": 9, "Timestamp": now - back}])
            self.assertEqual(self.alarm("two")["StateValue"], state)

    def test_an_alarm_of_several_metrics_is_kept(self):
        metric = {"Namespace": "Bed", "MetricName": "errors", "Dimensions": [{"Name": "Side", "Value": "canary"}]}
        queries = [
            {"Id": "rate", "Expression": "IF(bad > 0, bad / 2, 0)", "Label": "rate", "ReturnData": True},
            {"Id": "bad", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        ]
        self.cloudwatch.put_metric_alarm(
            AlarmName="math", Metrics=queries, EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=5, ComparisonOperator="GreaterThanThreshold"
        )
        alarm = self.alarm("math")
        self.assertEqual(alarm["Metrics"], queries)
        self.assertNotIn("MetricName", alarm)

    def test_the_query_protocol_says_everything(self):
        self.put("everything", AlarmDescription="5xx < 1 & more", TreatMissingData="notBreaching", DatapointsToAlarm=1)
        body = b"Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=everything"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0",
        }
        with urllib.request.urlopen(urllib.request.Request(BED, body, headers)) as answer:
            said = answer.read().decode()
        for expected in (
            "<AlarmDescription>5xx &lt; 1 &amp; more</AlarmDescription>",
            "<TreatMissingData>notBreaching</TreatMissingData>",
            "<Period>60</Period>",
            "<Statistic>Sum</Statistic>",
            "<ActionsEnabled>true</ActionsEnabled>",
            "<Threshold>5.0</Threshold>",
        ):
            self.assertIn(expected, said)


if __name__ == "__main__":
    unittest.main()
