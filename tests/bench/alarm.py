"""What `alarm` does in its happy path, in Python with boto3: one alarm, one rollout, one rule of ours on a load balancer.

It makes the same calls in the same order and writes the same kinds of items. It decides less: it knows one status, takes
the events of one path, and loses every race instead of running it again. It is here to be measured, not to be run.
"""

import hashlib
import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import boto3

TABLE = os.environ["TIDEGATE_TABLE"]

dynamodb = boto3.client("dynamodb")
balancers = boto3.client("elbv2")
beside = ThreadPoolExecutor(1)
plans = {}


def handler(event, context):
    """Every message of the queue; what fails comes again."""
    failures = []
    for record in event["Records"]:
        change = json.loads(record["body"])
        if change["detail"]["state"]["value"] != "ALARM":
            continue
        alarm = change["resources"][0]
        try:
            for rollout in guarded_by(alarm):
                roll_back(rollout, alarm)
        except Exception as error:
            print(json.dumps({"level": "ERROR", "alarm": alarm, "error": str(error)}))
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def guarded_by(alarm):
    answer = dynamodb.query(
        TableName=TABLE,
        IndexName="active",
        KeyConditionExpression="#active = :active",
        FilterExpression="contains(#alarms, :alarm)",
        ProjectionExpression="#pk, #alarms",
        ExpressionAttributeNames={"#active": "active", "#pk": "pk", "#alarms": "alarms"},
        ExpressionAttributeValues={":active": {"S": "1"}, ":alarm": {"S": alarm}},
    )
    return [item["pk"]["S"] for item in answer["Items"]]


def load(pk):
    """The head; its plan with it the first time."""
    if pk in plans:
        key = {"pk": {"S": pk}, "sk": {"S": "HEAD"}}
        return dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
    answer = dynamodb.query(
        TableName=TABLE,
        ConsistentRead=True,
        KeyConditionExpression="#pk = :pk AND #sk BETWEEN :head AND :plan",
        ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
        ExpressionAttributeValues={":pk": {"S": pk}, ":head": {"S": "HEAD"}, ":plan": {"S": "PLAN"}},
    )
    items = {item["sk"]["S"]: item for item in answer["Items"]}
    plans[pk] = items["PLAN"]["text"]["S"]
    return items["HEAD"]


def roll_back(pk, alarm):
    item = load(pk)
    head = json.loads(item["head"]["S"])
    began = now()
    before = head["desired"]
    head["desired"] = {route: 0 for route in before}
    head["epoch"] += 1
    head["status"] = {"rolling-back": {"cause": {"alarm": alarm}, "began": began}}
    head["intent"] = {"kind": "rollback", "epoch": head["epoch"]}
    what = f"rolling back: the alarm {alarm.rsplit(':', 1)[-1]} is in ALARM"
    item = commit(pk, item, head, entry(head, "rollback-began", what, before, began))
    for route in before:
        restore(pk, route, head["epoch"])
    head["status"] = {"guarding": {"cause": {"alarm": alarm}, "restored": now()}}
    head["intent"] = None
    commit(pk, item, head, entry(head, "traffic-restored", "all traffic is on stable", head["desired"], now()))
    print(json.dumps({"level": "INFO", "rollout": pk, "epoch": head["epoch"], "status": "guarding"}))


def restore(pk, route, epoch):
    """Read with the fence, look whether the decision still stands, write, read back."""
    rule, tags = own_rule(pk, route)
    item = load(pk)
    if json.loads(item["head"]["S"])["epoch"] != epoch:
        raise RuntimeError("a newer decision was made")
    health = beside.submit(balancers.describe_target_health, TargetGroupArn=tags["tidegate:stable"])
    balancers.delete_rule(RuleArn=rule["RuleArn"])
    targets = health.result()["TargetHealthDescriptions"]
    if not any(target["TargetHealth"]["State"] == "healthy" for target in targets):
        print(json.dumps({"level": "WARN", "route": route, "message": "stable has no healthy target"}))
    if own_rule(pk, route) is not None:
        raise RuntimeError("the rule is still there")


def own_rule(pk, route):
    """The rule of ours on the route's listener, found by its tags; where it belongs first, then anywhere."""
    base = base_rule(plans[pk])
    listener = base.rsplit("/", 1)[0].replace(":listener-rule/", ":listener/")
    rules = balancers.describe_rules(ListenerArn=listener)["Rules"]
    rules = [rule for rule in rules if not rule["IsDefault"] and rule["RuleArn"] != base]
    there = [rule for rule in rules if rule["Priority"] == "10"]
    for some in (there, [rule for rule in rules if rule not in there]):
        if not some:
            continue
        described = balancers.describe_tags(ResourceArns=[rule["RuleArn"] for rule in some])
        for rule, one in zip(some, described["TagDescriptions"]):
            tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            if tags.get("tidegate:base") == base and tags.get("tidegate:route") == route:
                return rule, tags
    return None


def base_rule(plan):
    """The plan is YAML, which Python reads with a library more; the one line that is needed is looked for."""
    for line in plan.splitlines():
        key, _, value = line.strip().partition(": ")
        if key == "rule":
            return value
    raise RuntimeError("the plan has no rule")


def entry(head, kind, what, before, at):
    seq, previous = head["chain"].split(":")
    fields = {
        "seq": int(seq) + 1,
        "at": at,
        "epoch": head["epoch"],
        "actor": "tidegate",
        "kind": kind,
        "what": what,
        "before": ", ".join(f"{route}={weight / 10:g}%" for route, weight in before.items()),
        "after": ", ".join(f"{route}={weight / 10:g}%" for route, weight in head["desired"].items()),
        "previous": previous,
    }
    fields["hash"] = hashlib.sha256("\n".join(str(field) for field in fields.values()).encode()).hexdigest()
    head["chain"] = f"{fields['seq']}:{fields['hash']}"
    return fields


def commit(pk, item, head, fields):
    """The head, if nobody has committed since, and the entry, if it is new."""
    writer = uuid.uuid4().hex
    expected = head["revision"]
    head["revision"] += 1
    status = head["status"] if isinstance(head["status"], str) else next(iter(head["status"]))
    item = dict(
        item,
        revision={"N": str(head["revision"])},
        head={"S": json.dumps(head)},
        status={"S": status},
        writer={"S": writer},
    )
    line = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in fields.items()}
    line.update(pk={"S": pk}, sk={"S": f"EV#{fields['seq']:012}"}, v={"N": "1"}, writer={"S": writer}, evidence={"L": []})
    dynamodb.transact_write_items(
        ClientRequestToken=writer,
        TransactItems=[
            {
                "Put": {
                    "TableName": TABLE,
                    "Item": item,
                    "ConditionExpression": "#revision = :expected AND attribute_exists(#active)",
                    "ExpressionAttributeNames": {"#revision": "revision", "#active": "active"},
                    "ExpressionAttributeValues": {":expected": {"N": str(expected)}},
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
            {
                "Put": {
                    "TableName": TABLE,
                    "Item": line,
                    "ConditionExpression": "attribute_not_exists(#pk)",
                    "ExpressionAttributeNames": {"#pk": "pk"},
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
        ],
    )
    return item


def now():
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
