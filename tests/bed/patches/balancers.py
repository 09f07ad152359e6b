"""Elastic Load Balancing v2.

* Weighted forwards are stored, validated, read back and routed by. MiniStack drops ForwardConfig, which is all that
  Tidegate writes.
* A priority is taken once in a listener, and a rule that is not there is RuleNotFound. An owned rule is fenced by
  being deleted: a late ModifyRule must be refused, and a second CreateRule must be noticed.
* Rules come in the order of their priorities, with the default rule last, and page. DescribeRules of an ARN that is
  not there is an error and no empty list.
* A listener that is not there is ListenerNotFound and no empty list.
* Tags are escaped when they are read back; an `&` in one would break the answer.

The words of the messages are ours; the codes are AWS's.
"""

import random
from xml.sax.saxutils import escape

from ministack.services import alb

from . import original

# The API's model: TargetGroupTuple.Weight and ForwardActionConfig.
WEIGHT_MAX = 999
GROUPS_MAX = 5
STICKY_SECONDS_MAX = 7 * 24 * 3600
# CreateRule: Priority.
PRIORITY_MAX = 50_000
# Where a rule that does not say one goes: behind all others.
LAST = PRIORITY_MAX + 1


class Refused(Exception):
    """The request is answered with this code and message."""


def apply() -> None:
    weighted_forwards()
    rules()
    tags()


def weighted_forwards() -> None:
    parse = original(alb, "_parse_actions")
    render = original(alb, "_action_xml")
    execute = original(alb, "_execute_actions")

    def parse_actions(params, prefix="DefaultActions"):
        actions = parse(params, prefix)
        for number, action in enumerate(actions, 1):
            if action["Type"].lower() != "forward":
                continue
            forward = read_forward(params, f"{prefix}.member.{number}.ForwardConfig", action.get("TargetGroupArn"))
            action["ForwardConfig"] = forward
            groups = forward["TargetGroups"]
            # With one group AWS says it in both places; with more, only in ForwardConfig.
            action.pop("TargetGroupArn", None)
            if len(groups) == 1:
                action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
        return actions

    def action_xml(action):
        text = render(action)
        if "ForwardConfig" in action:
            text = text.removesuffix("</member>") + forward_xml(action["ForwardConfig"]) + "</member>"
        return text

    async def execute_actions(actions, *args, **kwargs):
        chosen = []
        for action in actions:
            if "ForwardConfig" in action:
                group = choose(action["ForwardConfig"]["TargetGroups"])
                if group is None:
                    return 503, {"Content-Type": "text/plain"}, b"every target group has the weight 0"
                action = {**action, "TargetGroupArn": group}
            chosen.append(action)
        return await execute(chosen, *args, **kwargs)

    alb._parse_actions = parse_actions
    alb._action_xml = action_xml
    alb._execute_actions = execute_actions
    for name in ("CreateListener", "ModifyListener", "CreateRule", "ModifyRule"):
        alb._ACTION_MAP[name] = answering(alb._ACTION_MAP[name])


def read_forward(params, prefix: str, single: str | None) -> dict:
    """The ForwardConfig of a request; a plain TargetGroupArn is one group of weight 1."""
    groups = []
    while arn := alb._p(params, f"{prefix}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = int(alb._p(params, f"{prefix}.TargetGroups.member.{len(groups) + 1}.Weight", "1"))
        groups.append({"TargetGroupArn": arn, "Weight": weight})
    if single and groups and [single] != [group["TargetGroupArn"] for group in groups]:
        raise Refused("ValidationError", "You cannot specify both a target group ARN and a different ForwardConfig")
    if single and not groups:
        groups = [{"TargetGroupArn": single, "Weight": 1}]
    if not groups:
        raise Refused("ValidationError", "A forward action must name at least one target group")
    if len(groups) > GROUPS_MAX:
        raise Refused("TooManyTargetGroups", f"A forward action may name at most {GROUPS_MAX} target groups")
    if len({group["TargetGroupArn"] for group in groups}) < len(groups):
        raise Refused("ValidationError", "A target group is named more than once in a forward action")
    for group in groups:
        if not 0 <= group["Weight"] <= WEIGHT_MAX:
            raise Refused("ValidationError", f"Weight '{group['Weight']}' must be between 0 and {WEIGHT_MAX}")
        if group["TargetGroupArn"] not in alb._tgs:
            raise Refused("TargetGroupNotFound", f"Target groups '{group['TargetGroupArn']}' not found")
    sticky = f"{prefix}.TargetGroupStickinessConfig"
    enabled = alb._p(params, f"{sticky}.Enabled", "false").lower() == "true"
    seconds = alb._p(params, f"{sticky}.DurationSeconds", "")
    if enabled and not seconds:
        raise Refused("ValidationError", "Stickiness needs a duration when it is enabled")
    if seconds and not 1 <= int(seconds) <= STICKY_SECONDS_MAX:
        raise Refused("ValidationError", f"Stickiness duration must be between 1 and {STICKY_SECONDS_MAX} seconds")
    return {"TargetGroups": groups, "Sticky": enabled, "Seconds": seconds}


def forward_xml(forward: dict) -> str:
    groups = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn><Weight>{group['Weight']}</Weight></member>"
        for group in forward["TargetGroups"]
    )
    seconds = f"<DurationSeconds>{forward['Seconds']}</DurationSeconds>" if forward["Seconds"] else ""
    return (
        f"<ForwardConfig><TargetGroups>{groups}</TargetGroups><TargetGroupStickinessConfig>"
        f"<Enabled>{str(forward['Sticky']).lower()}</Enabled>{seconds}"
        f"</TargetGroupStickinessConfig></ForwardConfig>"
    )


def choose(groups: list[dict]) -> str | None:
    """The group that a request goes to. A weight of 0 is never chosen, and so no group if all are 0."""
    live = [group for group in groups if group["Weight"] > 0]
    if not live:
        return None
    return random.choices(live, [group["Weight"] for group in live])[0]["TargetGroupArn"]


def rules() -> None:
    create = alb._ACTION_MAP["CreateRule"]
    delete = alb._ACTION_MAP["DeleteRule"]
    describe_listeners = alb._ACTION_MAP["DescribeListeners"]
    set_priorities = alb._ACTION_MAP["SetRulePriorities"]

    def create_rule(params):
        priority = alb._p(params, "Priority", "")
        if not priority.isdigit() or not 1 <= int(priority) <= PRIORITY_MAX:
            return alb._error("ValidationError", f"Priority '{priority}' must be between 1 and {PRIORITY_MAX}")
        if priority in priorities(alb._p(params, "ListenerArn")):
            return alb._error("PriorityInUse", f"Priority '{priority}' is currently in use")
        return create(params)

    def describe_rules(params):
        wanted = alb._parse_member_list(params, "RuleArns")
        listener = alb._p(params, "ListenerArn")
        if bool(wanted) == bool(listener):
            return alb._error("ValidationError", "You must specify either a listener ARN or rule ARNs")
        if listener and listener not in alb._listeners:
            return alb._error("ListenerNotFound", f"Listener '{listener}' not found")
        for arn in wanted:
            if arn not in alb._rules:
                return alb._error("RuleNotFound", f"One or more rules not found: '{arn}'")
        found = [rule for rule in alb._rules.values() if rule["RuleArn"] in wanted or rule["ListenerArn"] == listener]
        found.sort(key=lambda rule: int(rule["Priority"]) if rule["Priority"].isdigit() else LAST)
        start = int(alb._p(params, "Marker", "0"))
        size = int(alb._p(params, "PageSize", "400"))
        page = "".join(alb._rule_xml(rule) for rule in found[start : start + size])
        marker = f"<NextMarker>{start + size}</NextMarker>" if start + size < len(found) else ""
        return alb._xml(200, "DescribeRules", f"<Rules>{page}</Rules>{marker}")

    def delete_rule(params):
        arn = alb._p(params, "RuleArn")
        if arn not in alb._rules:
            return alb._error("RuleNotFound", f"Rule '{arn}' not found")
        return delete(params)

    def set_rule_priorities(params):
        number = 1
        while arn := alb._p(params, f"RulePriorities.member.{number}.RuleArn"):
            if arn not in alb._rules:
                return alb._error("RuleNotFound", f"Rule '{arn}' not found")
            number += 1
        return set_priorities(params)

    def listeners(params):
        for arn in alb._parse_member_list(params, "ListenerArns"):
            if arn not in alb._listeners:
                return alb._error("ListenerNotFound", f"One or more listeners not found: '{arn}'")
        return describe_listeners(params)

    alb._ACTION_MAP.update(
        CreateRule=create_rule,
        DescribeRules=describe_rules,
        DeleteRule=delete_rule,
        DescribeListeners=listeners,
        SetRulePriorities=set_rule_priorities,
    )


def priorities(listener: str) -> set[str]:
    return {rule["Priority"] for rule in alb._rules.values() if rule.get("ListenerArn") == listener}


def tags() -> None:
    def describe_tags(params):
        described = ""
        for arn in alb._parse_member_list(params, "ResourceArns"):
            known, refused = alb._resolve_taggable_elbv2_arn(arn)
            if refused:
                return refused
            members = "".join(
                f"<member><Key>{escape(tag['Key'])}</Key><Value>{escape(tag['Value'])}</Value></member>"
                for tag in alb._tags.get(known, [])
            )
            described += f"<member><ResourceArn>{known}</ResourceArn><Tags>{members}</Tags></member>"
        return alb._xml(200, "DescribeTags", f"<TagDescriptions>{described}</TagDescriptions>")

    alb._ACTION_MAP["DescribeTags"] = describe_tags


def answering(handler):
    """The handler, with what was refused inside it turned into an answer."""

    def handle(params):
        try:
            return handler(params)
        except Refused as refused:
            code, message = refused.args
            return alb._error(code, message)

    return handle
