// What `alarm` does in its happy path, in Node with the v3 SDK: one alarm, one rollout, one rule of ours on a load balancer.
//
// It makes the same calls in the same order and writes the same kinds of items. It decides less: it knows one status, takes
// the events of one path, and loses every race instead of running it again. It is here to be measured, not to be run.

import { createHash, randomUUID } from "node:crypto";
import { DynamoDBClient, GetItemCommand, QueryCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteRuleCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";

const TableName = process.env.TIDEGATE_TABLE;

const dynamodb = new DynamoDBClient({});
const balancers = new ElasticLoadBalancingV2Client({});
const plans = new Map();

const say = (fields) => console.log(JSON.stringify(fields));

// Every message of the queue; what fails comes again.
export async function handler(event) {
  const batchItemFailures = [];
  for (const record of event.Records) {
    const change = JSON.parse(record.body);
    if (change.detail.state.value !== "ALARM") continue;
    const [alarm] = change.resources;
    try {
      for (const rollout of await guardedBy(alarm)) await rollBack(rollout, alarm);
    } catch (error) {
      say({ level: "ERROR", alarm, error: String(error) });
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
}

async function guardedBy(alarm) {
  const answer = await dynamodb.send(
    new QueryCommand({
      TableName,
      IndexName: "active",
      KeyConditionExpression: "#active = :active",
      FilterExpression: "contains(#alarms, :alarm)",
      ProjectionExpression: "#pk, #alarms",
      ExpressionAttributeNames: { "#active": "active", "#pk": "pk", "#alarms": "alarms" },
      ExpressionAttributeValues: { ":active": { S: "1" }, ":alarm": { S: alarm } },
    }),
  );
  return answer.Items.map((item) => item.pk.S);
}

// The head; its plan with it the first time.
async function load(pk) {
  if (plans.has(pk)) {
    const Key = { pk: { S: pk }, sk: { S: "HEAD" } };
    return (await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
  }
  const answer = await dynamodb.send(
    new QueryCommand({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :head AND :plan",
      ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
      ExpressionAttributeValues: { ":pk": { S: pk }, ":head": { S: "HEAD" }, ":plan": { S: "PLAN" } },
    }),
  );
  const named = (sk) => answer.Items.find((item) => item.sk.S === sk);
  plans.set(pk, named("PLAN").text.S);
  return named("HEAD");
}

async function rollBack(pk, alarm) {
  let item = await load(pk);
  const head = JSON.parse(item.head.S);
  const began = now();
  const before = head.desired;
  head.desired = Object.fromEntries(Object.keys(before).map((route) => [route, 0]));
  head.epoch += 1;
  head.status = { "rolling-back": { cause: { alarm }, began } };
  head.intent = { kind: "rollback", epoch: head.epoch };
  const what = `rolling back: the alarm ${alarm.split(":").pop()} is in ALARM`;
  item = await commit(pk, item, head, entry(head, "rollback-began", what, before, began));
  await Promise.all(Object.keys(before).map((route) => restore(pk, route, head.epoch)));
  head.status = { guarding: { cause: { alarm }, restored: now() } };
  head.intent = null;
  await commit(pk, item, head, entry(head, "traffic-restored", "all traffic is on stable", head.desired, now()));
  say({ level: "INFO", rollout: pk, epoch: head.epoch, status: "guarding" });
}

// Read with the fence, look whether the decision still stands, write, read back.
async function restore(pk, route, epoch) {
  const { rule, tags } = await ownRule(pk, route);
  const item = await load(pk);
  if (JSON.parse(item.head.S).epoch !== epoch) throw new Error("a newer decision was made");
  const [, health] = await Promise.all([
    balancers.send(new DeleteRuleCommand({ RuleArn: rule.RuleArn })),
    balancers.send(new DescribeTargetHealthCommand({ TargetGroupArn: tags["tidegate:stable"] })),
  ]);
  if (!health.TargetHealthDescriptions.some((target) => target.TargetHealth.State === "healthy")) {
    say({ level: "WARN", route, message: "stable has no healthy target" });
  }
  if (await ownRule(pk, route)) throw new Error("the rule is still there");
}

// The rule of ours on the route's listener, found by its tags; where it belongs first, then anywhere.
async function ownRule(pk, route) {
  const base = baseRule(plans.get(pk));
  const ListenerArn = base.slice(0, base.lastIndexOf("/")).replace(":listener-rule/", ":listener/");
  const listed = (await balancers.send(new DescribeRulesCommand({ ListenerArn }))).Rules;
  const rules = listed.filter((rule) => !rule.IsDefault && rule.RuleArn !== base);
  const there = rules.filter((rule) => rule.Priority === "10");
  for (const some of [there, rules.filter((rule) => !there.includes(rule))]) {
    if (some.length === 0) continue;
    const ResourceArns = some.map((rule) => rule.RuleArn);
    const described = await balancers.send(new DescribeTagsCommand({ ResourceArns }));
    for (const [n, rule] of some.entries()) {
      const tags = Object.fromEntries((described.TagDescriptions[n].Tags ?? []).map((tag) => [tag.Key, tag.Value]));
      if (tags["tidegate:base"] === base && tags["tidegate:route"] === route) return { rule, tags };
    }
  }
  return undefined;
}

// The plan is YAML, which Node reads with a library more; the one line that is needed is looked for.
function baseRule(plan) {
  const line = plan.split("\n").find((line) => line.trim().startsWith("rule: "));
  return line.trim().slice("rule: ".length);
}

const weights = (of) =>
  Object.entries(of)
    .map(([route, weight]) => `${route}=${weight / 10}%`)
    .join(", ");

function entry(head, kind, what, before, at) {
  const [seq, previous] = head.chain.split(":");
  const fields = {
    seq: Number(seq) + 1,
    at,
    epoch: head.epoch,
    actor: "tidegate",
    kind,
    what,
    before: weights(before),
    after: weights(head.desired),
    previous,
  };
  fields.hash = createHash("sha256").update(Object.values(fields).join("\n")).digest("hex");
  head.chain = `${fields.seq}:${fields.hash}`;
  return fields;
}

// The head, if nobody has committed since, and the entry, if it is new.
async function commit(pk, old, head, fields) {
  const writer = randomUUID().replaceAll("-", "");
  const expected = head.revision;
  head.revision += 1;
  const status = typeof head.status === "string" ? head.status : Object.keys(head.status)[0];
  const item = {
    ...old,
    revision: { N: String(head.revision) },
    head: { S: JSON.stringify(head) },
    status: { S: status },
    writer: { S: writer },
  };
  const values = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "number" ? { N: String(value) } : { S: value },
  ]);
  const line = {
    ...Object.fromEntries(values),
    pk: { S: pk },
    sk: { S: `EV#${String(fields.seq).padStart(12, "0")}` },
    v: { N: "1" },
    writer: { S: writer },
    evidence: { L: [] },
  };
  const headUnmoved = {
    Item: item,
    ConditionExpression: "#revision = :expected AND attribute_exists(#active)",
    ExpressionAttributeNames: { "#revision": "revision", "#active": "active" },
    ExpressionAttributeValues: { ":expected": { N: String(expected) } },
  };
  const entryNew = {
    Item: line,
    ConditionExpression: "attribute_not_exists(#pk)",
    ExpressionAttributeNames: { "#pk": "pk" },
  };
  await dynamodb.send(
    new TransactWriteItemsCommand({
      ClientRequestToken: writer,
      TransactItems: [headUnmoved, entryNew].map((put) => ({
        Put: { TableName, ReturnValuesOnConditionCheckFailure: "ALL_OLD", ...put },
      })),
    }),
  );
  return item;
}

const now = () => new Date().toISOString();
