"""CloudWatch alarms.

* A transition is told as AWS tells it: an EventBridge event, an SNS message and a direct call of a function, all with
  the same timestamp in milliseconds, which DescribeAlarms has too. That timestamp is how Tidegate knows that three
  messages are one event. MiniStack sends only an SNS message, without the alarm's ARN.
* An alarm looks at its own dimensions and at M of its last N periods. MiniStack takes the data of every dimension, so
  a bad stable side would set off the canary's alarm.
* Alarms of several metrics keep their queries. They are not evaluated: SetAlarmState moves them.
* DescribeAlarms in the query protocol has every field; Terraform's provider before 6.50 reads that one.

Not there: recovery without new data, anomaly bands, periods below a minute, expressions in alarms and GetMetricData.
"""

import json
import re
import time
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from ministack.services import cloudwatch, eventbridge, lambda_svc, sns

from . import original

ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
MISSING = "Unchecked: Initial alarm creation"


def apply() -> None:
    original(cloudwatch, "_dispatch_alarm_actions")
    cloudwatch._dispatch_alarm_actions = transition
    original(cloudwatch, "_evaluate_alarm")
    cloudwatch._evaluate_alarm = evaluate
    creation()
    description()


# Transitions.


def transition(alarm: dict, old: str, new: str, reason: str) -> None:
    """Tells everybody that an alarm has another state; called by whatever changed it."""
    now = round(time.time(), 3)
    alarm["StateUpdatedTimestamp"] = alarm["StateTransitionedTimestamp"] = now
    before = alarm.get("_state") or {"value": old, "reason": MISSING, "timestamp": stamp(now)}
    state = {"value": new, "reason": reason, "timestamp": stamp(now)}
    if alarm.get("StateReasonData"):
        state["reasonData"] = alarm["StateReasonData"]
    alarm["_state"] = state

    eventbridge._put_events({"Entries": [bus_event(alarm, before, state)]}, allow_aws_source=True)
    if not alarm.get("ActionsEnabled", True):
        return
    for action in alarm.get(ACTIONS[new]) or []:
        if action.startswith("arn:aws:sns:"):
            subject = f'{new}: "{alarm["AlarmName"]}" in {cloudwatch.get_region()}'[:100]
            message = json.dumps(topic_message(alarm, old, new, reason, now))
            sns._fanout(action, cloudwatch.new_uuid(), message, subject)
        elif action.startswith("arn:aws:lambda:"):
            function, _, _ = lambda_svc._get_func_record_for_ref(action)
            if function is not None:
                lambda_svc.invoke_async_with_retry(function, direct_event(alarm, before, state))


def stamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def configuration(alarm: dict) -> dict:
    """What events say of the alarm itself."""
    described = {"description": alarm.get("AlarmDescription") or ""}
    if "AlarmRule" in alarm:
        return {**described, "alarmRule": alarm["AlarmRule"]}
    queries = alarm.get("Metrics") or [
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {name: alarm.get(name) for name in ("Namespace", "MetricName", "Dimensions")},
                "Period": alarm.get("Period"),
                "Stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic"),
            },
        }
    ]
    return {**described, "metrics": [event_query(query) for query in queries]}


def event_query(query: dict) -> dict:
    told = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "Expression" in query:
        return {**told, "expression": query["Expression"], "label": query.get("Label", "")}
    stat = query["MetricStat"]
    metric = stat["Metric"]
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions") or []}
    return {
        **told,
        "metricStat": {
            "metric": {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions},
            "period": stat["Period"],
            "stat": stat["Stat"],
        },
    }


def bus_event(alarm: dict, before: dict, state: dict) -> dict:
    detail = {
        "alarmName": alarm["AlarmName"],
        "configuration": configuration(alarm),
        "previousState": before,
        "state": state,
    }
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm["AlarmArn"]],
        "Detail": json.dumps(detail),
    }


def direct_event(alarm: dict, before: dict, state: dict) -> dict:
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": cloudwatch.get_account_id(),
        "time": state["timestamp"],
        "region": cloudwatch.get_region(),
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": state,
            "previousState": before,
            "configuration": configuration(alarm),
        },
    }


def topic_message(alarm: dict, old: str, new: str, reason: str, now: float) -> dict:
    message = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": cloudwatch.get_account_id(),
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.get("AlarmConfigurationUpdatedTimestamp", now)),
        "NewStateValue": new,
        "NewStateReason": reason,
        "StateChangeTime": stamp(now),
        # A name for people, as AWS sends it; the region proper is in the ARN.
        "Region": "US East (N. Virginia)",
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
        **{name: alarm.get(name) or [] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")},
    }
    if "AlarmRule" in alarm:
        return {**message, "AlarmRule": alarm["AlarmRule"], "TriggeringChildren": []}
    trigger = {
        name: alarm.get(name)
        for name in (
            "MetricName",
            "Namespace",
            "Unit",
            "Period",
            "EvaluationPeriods",
            "DatapointsToAlarm",
            "ComparisonOperator",
            "Threshold",
            "TreatMissingData",
        )
    }
    trigger["StatisticType"] = "ExtendedStatistic" if alarm.get("ExtendedStatistic") else "Statistic"
    trigger[trigger["StatisticType"]] = alarm.get("ExtendedStatistic") or (alarm.get("Statistic") or "").upper()
    trigger["Dimensions"] = [{"value": one["Value"], "name": one["Name"]} for one in alarm.get("Dimensions") or []]
    return {**message, "Trigger": trigger}


# Evaluation.


def evaluate(alarm: dict) -> None:
    """Moves an alarm to the state that its own data asks for; called when data comes in."""
    if alarm.get("Metrics") or not alarm.get("MetricName"):
        return
    values = recent(alarm)
    if not values:
        return
    breaching = sum(breaches(value, alarm) for value in values)
    wanted = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    old, new = alarm["StateValue"], "ALARM" if breaching >= wanted else "OK"
    if new == old:
        return
    reason = (
        f"Threshold Crossed: {breaching} out of the last {alarm['EvaluationPeriods']} datapoints {values} were "
        f"{alarm['ComparisonOperator']} ({alarm['Threshold']})"
    )
    alarm.update(StateValue=new, StateReason=reason)
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def recent(alarm: dict) -> list[float]:
    """The values of the alarm's last periods, the running one included, newest first; those that are there."""
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    points = cloudwatch._metrics.get(key) or []
    period = alarm["Period"]
    running = time.time() // period
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    values = []
    for back in range(alarm["EvaluationPeriods"]):
        within = [point for point in points if point["Timestamp"] // period == running - back]
        if within:
            value = cloudwatch._stat_value(cloudwatch._calc_stats(within), statistic, within)
            if value is not None:
                values.append(value)
    return values


def breaches(value: float, alarm: dict) -> bool:
    threshold = alarm["Threshold"]
    return {
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "GreaterThanThreshold": value > threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }.get(alarm["ComparisonOperator"], False)


# PutMetricAlarm.


def creation() -> None:
    put = original(cloudwatch, "_put_metric_alarm")

    def put_metric_alarm(params, data, is_cbor, is_json=False):
        name = data.get("AlarmName") if is_cbor or is_json else cloudwatch._p(params, "AlarmName")
        before = cloudwatch._alarms.get(name) or {}
        # It is evaluated inside; what is kept of the old alarm must be there by then, so that is done here again.
        answer = put(params, data, is_cbor, is_json)
        alarm = cloudwatch._alarms.get(name)
        if answer[0] != 200 or alarm is None:
            return answer
        for kept in ("_state", "StateTransitionedTimestamp", "StateReasonData"):
            if kept in before and kept not in alarm:
                alarm[kept] = before[kept]
        given = data if is_cbor or is_json else form(params)
        alarm["InsufficientDataActions"] = given.get("InsufficientDataActions") or []
        if given.get("EvaluateLowSampleCountPercentile"):
            alarm["EvaluateLowSampleCountPercentile"] = given["EvaluateLowSampleCountPercentile"]
        if given.get("Metrics"):
            alarm["Metrics"] = given["Metrics"]
            for single in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit"):
                alarm.pop(single, None)
        return answer

    cloudwatch._put_metric_alarm = put_metric_alarm


def form(params: dict) -> dict:
    """The lists and records of a query-protocol request, as JSON has them."""
    root: dict = {}
    for key, values in params.items():
        *path, last = key.split(".")
        place = root
        for step in path:
            place = place.setdefault(step, {})
        place[last] = values[0] if isinstance(values, list) else values
    return shaped(root)


def shaped(value):
    """`{"member": {"1": a, "2": b}}` is the list `[a, b]`; numbers and booleans are what they look like."""
    if isinstance(value, dict):
        if set(value) == {"member"}:
            return [shaped(value["member"][number]) for number in sorted(value["member"], key=int)]
        return {name: shaped(one) for name, one in value.items()}
    if value in ("true", "false"):
        return value == "true"
    return int(value) if re.fullmatch(r"\d{1,9}", value) else value


# DescribeAlarms.


def description() -> None:
    describe = original(cloudwatch, "_describe_alarms")
    cbor_alarm = original(cloudwatch, "_cbor_alarm")

    def describe_alarms(params, data, is_cbor, is_json=False):
        if is_cbor or is_json:
            return describe(params, data, is_cbor, is_json)
        # Asked as JSON, so that names, prefixes, types and pages are understood once.
        asked = form(params)
        asked = {name: str(one) if name == "AlarmNamePrefix" else one for name, one in asked.items()}
        asked["AlarmNames"] = [str(name) for name in asked.get("AlarmNames", [])]
        status, headers, body = describe(params, asked, False, True)
        if status != 200:
            return describe(params, data, is_cbor, is_json)
        found = json.loads(body)
        lists = "".join(
            f"<{kind}>{''.join(f'<member>{members(public(one))}</member>' for one in found[kind])}</{kind}>"
            for kind in ("MetricAlarms", "CompositeAlarms")
        )
        token = f"<NextToken>{escape(found['NextToken'])}</NextToken>" if found.get("NextToken") else ""
        return cloudwatch._xml(200, "DescribeAlarmsResponse", f"<DescribeAlarmsResult>{lists}{token}</DescribeAlarmsResult>")

    cloudwatch._describe_alarms = describe_alarms
    cloudwatch._cbor_alarm = lambda alarm: cbor_alarm(public(alarm))


def public(alarm: dict) -> dict:
    """What AWS says of an alarm: nothing that is empty or ours, and one statistic."""
    told = {name: one for name, one in alarm.items() if one not in (None, "") and not name.startswith("_")}
    if "ExtendedStatistic" in told:
        told.pop("Statistic", None)
    return told


def members(value) -> str:
    """A record as the query protocol writes it."""
    text = ""
    for name, one in value.items():
        if name.endswith("Timestamp") and isinstance(one, (int, float)):
            one = stamp(one).replace("+0000", "Z")
        text += f"<{name}>{content(one)}</{name}>"
    return text


def content(value) -> str:
    if isinstance(value, dict):
        return members(value)
    if isinstance(value, list):
        return "".join(f"<member>{content(one)}</member>" for one in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
