# The whole stack against a provider that is not there: everything on, and what must hold of it.
# tests/infra compares what this file applies with the SAM template.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = {
      arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/tidegate"
      stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/tidegate/stream/2026-01-01T00:00:00.000"
    }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/tidegate-role" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/tidegate-rule" }
  }
}

# Each with the ARN that it would have, so that policies can be compared.

override_resource {
  target = aws_lambda_function.function["control"]
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-control" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["control"]
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tidegate-control" }
}

override_resource {
  target = aws_lambda_function.function["advance"]
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-advance" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["advance"]
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tidegate-advance" }
}

override_resource {
  target = aws_lambda_function.function["alarm"]
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-alarm" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["alarm"]
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tidegate-alarm" }
}

override_resource {
  target = aws_lambda_function.function["notify"]
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-notify" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["notify"]
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tidegate-notify" }
}

override_resource {
  target = aws_lambda_function.function["approval"]
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-approval" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["approval"]
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tidegate-approval" }
}

override_resource {
  target = aws_lambda_function.link[0]
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-link" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["link"]
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tidegate-link" }
}

override_resource {
  target = aws_lambda_function.function["archive"]
  values = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:tidegate-archive" }
}

override_resource {
  target = aws_cloudwatch_log_group.function["archive"]
  values = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tidegate-archive" }
}

override_resource {
  target = aws_lambda_function_url.link[0]
  values = { function_url = "https://abcdefghijklmnop.lambda-url.eu-west-1.on.aws/" }
}

override_resource {
  target = aws_sqs_queue.alarms
  values = { arn = "arn:aws:sqs:eu-west-1:123456789012:tidegate-alarms" }
}

override_resource {
  target = aws_sqs_queue.dead["alarms"]
  values = { arn = "arn:aws:sqs:eu-west-1:123456789012:tidegate-alarms-dead" }
}

override_resource {
  target = aws_sqs_queue.dead["messages"]
  values = { arn = "arn:aws:sqs:eu-west-1:123456789012:tidegate-messages-dead" }
}

override_resource {
  target = aws_sqs_queue.dead["sweeps"]
  values = { arn = "arn:aws:sqs:eu-west-1:123456789012:tidegate-sweeps-dead" }
}

override_resource {
  target = aws_sqs_queue.dead["approvals"]
  values = { arn = "arn:aws:sqs:eu-west-1:123456789012:tidegate-approvals-dead" }
}

override_resource {
  target = aws_sns_topic.approvals[0]
  values = { arn = "arn:aws:sns:eu-west-1:123456789012:tidegate-approvals" }
}

override_resource {
  target = aws_sns_topic.alarms
  values = { arn = "arn:aws:sns:eu-west-1:123456789012:tidegate-alarms" }
}

override_resource {
  target = aws_sns_topic.messages
  values = { arn = "arn:aws:sns:eu-west-1:123456789012:tidegate-messages" }
}

override_resource {
  target = aws_cloudwatch_event_rule.alarms["shop"]
  values = { arn = "arn:aws:events:eu-west-1:123456789012:rule/tidegate-alarms-shop" }
}

variables {
  # Any file will do for a provider that is not there.
  packages = {
    control  = "versions.tf", advance = "versions.tf", alarm = "versions.tf", notify = "versions.tf", link = "versions.tf",
    approval = "versions.tf", archive = "versions.tf",
  }
  slack_parameter         = "/tidegate/slack"
  slack_channel           = "#releases"
  slack_signing_parameter = "/tidegate/slack-signing"
  hooks_parameter         = "/tidegate/hooks"
  pagerduty_parameter     = "/tidegate/pagerduty"
  webhook_parameter       = "/tidegate/webhook"
  signing_parameter       = "/tidegate/tidegate/signing"
  verifying_parameter     = "/tidegate/tidegate/verifying"
  code_parameter          = "/tidegate/tidegate/code"
  sms                     = true
  slack_team              = "T1DC2JH3J"
  report_bucket           = "reports-of-shop"
  archive_bucket          = "audit-of-shop"
  archive_prefix          = "tidegate/"
  archive_lock_days       = 365
  tracing                 = "Active"
  kms_key_arn             = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  services = {
    shop = {
      albs = {
        web = {
          listener       = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
          rule           = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
          default_action = true
          stable         = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-old/73e2d6bc24d8a067"
          canary         = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-new/2453ed029918f21f"
          health_check   = { max_5xx_per_minute = 20 }
        }
      }
      records = { apex = { zone = "Z08345672JV6K3EXAMPLE", name = "*.xn--6wym69a.com", types = ["AAAA", "A"] } }
      aliases = { prices = { function = "arn:aws:lambda:eu-west-1:123456789012:function:prices", alias = "live" } }
      hooks = {
        functions = ["arn:aws:lambda:eu-west-1:123456789012:function:announce"]
        documents = ["Shop-LoadTest"]
        roles     = ["arn:aws:iam::123456789012:role/shop-load-test"]
      }
      alarms = { "severe-bugs" = { arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-severe-bugs" } }
      topics = ["arn:aws:sns:eu-west-1:123456789012:shop-people"]
    }
  }
}

run "everything" {
  # Applied, because a policy is known when the ARNs in it are.
  command = apply

  assert {
    condition     = aws_dynamodb_table.rollouts.deletion_protection_enabled && aws_dynamodb_table.rollouts.point_in_time_recovery[0].enabled
    error_message = "The table can be lost."
  }

  assert {
    condition     = aws_dynamodb_table.rollouts.stream_view_type == "NEW_IMAGE" && one(aws_dynamodb_table.rollouts.ttl).attribute_name == "expires"
    error_message = "The table is not the one that the store expects."
  }

  # Nothing that writes is allowed on everything.
  assert {
    condition = alltrue(flatten([for policy in values(aws_iam_role_policy.function) : [
      for statement in jsondecode(policy.policy).Statement : [
        for action in flatten([statement.Action]) : can(regex(":(Describe|GetMetricData$|ListStreams$)|^xray:Put", action))
      ] if contains(flatten([try(statement.Resource, [])]), "*")
    ]]))
    error_message = "A statement on `*` does more than list, describe, measure and trace."
  }

  assert {
    condition = alltrue(flatten([for policy in values(aws_iam_role_policy.function) : [
      for statement in jsondecode(policy.policy).Statement : [for action in flatten([statement.Action]) : !endswith(action, "*")]
    ]]))
    error_message = "An action is named by a pattern."
  }

  # Rules of others cannot be touched, except the base rule that was named.
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.function["advance"].policy).Statement :
      can(statement.Condition.StringLike["aws:ResourceTag/tidegate:owner"]) || statement.Sid == "BaseRules" if contains(flatten([statement.Action]), "elasticloadbalancing:ModifyRule")
    ])
    error_message = "ModifyRule reaches rules that are not ours."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.function["alarm"].policy).Statement :
      can(statement.Condition.StringLike["aws:ResourceTag/tidegate:owner"]) || try(statement.Condition.StringEquals["elasticloadbalancing:CreateAction"], "") == "CreateRule" if contains(flatten([statement.Action]), "elasticloadbalancing:AddTags")
    ])
    error_message = "A tag can make a rule ours that is not."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function["alarm"].policy).Statement : statement.Condition["ForAllValues:StringEquals"] if contains(flatten([statement.Action]), "route53:ChangeResourceRecordSets")
      ] == [{
        "route53:ChangeResourceRecordSetsNormalizedRecordNames" = ["\\052.xn--6wym69a.com", "_tidegate.\\052.xn--6wym69a.com"]
        "route53:ChangeResourceRecordSetsRecordTypes"           = ["A", "AAAA", "TXT"]
        "route53:ChangeResourceRecordSetsActions"               = ["CREATE", "DELETE", "UPSERT"]
    }]
    error_message = "Record changes reach further than the name, its TXT record and its types."
  }

  # What talks to people can move nothing.
  assert {
    condition = length(setintersection(
      toset([for action in flatten([for statement in jsondecode(aws_iam_role_policy.function["notify"].policy).Statement : statement.Action]) : split(":", action)[0]]),
      ["elasticloadbalancing", "route53", "lambda", "cloudwatch", "iam"],
    )) == 0
    error_message = "notify may do something to traffic."
  }

  # What faces the internet reads, and tells one topic; it has no secret to lose.
  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.function["link"].policy).Statement : statement.Action if !contains(["Key", "Trace", "Logs"], statement.Sid)
    ])) == toset(["cloudwatch:GetMetricData", "dynamodb:GetItem", "dynamodb:Query", "sns:Publish", "ssm:GetParameter"])
    error_message = "The public page may do something that is not reading."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function["link"].policy).Statement : flatten([statement.Resource]) if contains(["ReadVerifying", "Answers", "Look"], statement.Sid)
      ] == [
      ["arn:aws:dynamodb:eu-west-1:123456789012:table/tidegate"],
      ["arn:aws:ssm:eu-west-1:123456789012:parameter/tidegate/tidegate/verifying"],
      ["arn:aws:sns:eu-west-1:123456789012:tidegate-approvals"],
    ]
    error_message = "The public page reaches further than the table, the public keys and the topic of approvals."
  }

  # Nobody gets past the URL: what lets the world invoke the function lets it do so through the URL alone.
  assert {
    condition = [
      for permission in values(jsondecode(aws_cloudformation_stack.url[0].template_body).Resources) : permission.Properties.InvokedViaFunctionUrl
    ] == [true]
    error_message = "Anybody may invoke link past its URL."
  }

  assert {
    condition     = aws_lambda_permission.url[0].action == "lambda:InvokeFunctionUrl" && aws_lambda_permission.url[0].function_url_auth_type == "NONE" && length(aws_lambda_function_url.link[0].cors) == 0
    error_message = "The page is let in for more than its URL, or other sites may ask it things."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_sns_topic_policy.approvals[0].policy).Statement : statement.Effect
      if try(statement.Condition.StringNotEquals["aws:PrincipalAccount"], "") == "123456789012" || can(regex(":123456789012:root$", statement.Principal.AWS))
    ] == ["Allow", "Deny"]
    error_message = "Another account may answer."
  }

  # Of the table, who talks to people writes its outbox.
  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function["notify"].policy).Statement : statement.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
      if length(setintersection(toset(flatten([statement.Action])), ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"])) > 0
    ] == [["OUTBOX#*"]]
    error_message = "notify may write a head or a ledger."
  }

  # The archive takes in what is new, and that is all.
  assert {
    condition = flatten([
      for statement in jsondecode(aws_iam_role_policy.function["archive"].policy).Statement : statement.Action if strcontains(jsonencode(statement.Action), "s3:")
    ]) == ["s3:PutObject", "s3:PutObjectRetention"]
    error_message = "What was archived can be read or deleted by who archives."
  }

  # Whoever is not a role says on whose behalf it comes.
  assert {
    condition = alltrue([for policy in concat(
      [for role in values(aws_iam_role.function) : role.assume_role_policy],
      [aws_iam_role.scheduler.assume_role_policy, aws_sqs_queue_policy.dead_alarms.policy, aws_sns_topic_policy.messages.policy],
      aws_sqs_queue_policy.alarms[*].policy, aws_sns_topic_policy.alarms[*].policy, aws_sqs_queue_policy.dead_approvals[*].policy,
      ) : alltrue([for statement in jsondecode(policy).Statement :
        strcontains(jsonencode(statement.Condition), "aws:SourceArn") && strcontains(jsonencode(statement.Condition), "aws:SourceAccount")
    ])])
    error_message = "A service is let in on anybody's behalf."
  }

  assert {
    condition = alltrue([for permission in concat(values(aws_lambda_permission.alarm), [aws_lambda_permission.topic], aws_lambda_permission.approvals) :
      permission.source_arn != null && permission.source_account != null
    ])
    error_message = "A service may invoke a function on anybody's behalf."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.alarms.scaling_config[0].maximum_concurrency < aws_lambda_function.function["alarm"].reserved_concurrent_executions
    error_message = "The queue leaves no room for direct actions."
  }

  assert {
    condition     = aws_sqs_queue.alarms.visibility_timeout_seconds > aws_lambda_function.function["alarm"].timeout
    error_message = "A message comes back while it is being worked on."
  }

  assert {
    condition = toset(jsondecode(aws_cloudwatch_event_rule.alarms["shop"].event_pattern).resources) == toset([
      "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-severe-bugs",
      "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:tidegate-shop-web-errors",
      "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:tidegate-shop-web-p95",
    ])
    error_message = "The rule hears other alarms than the named ones."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.errors["shop/web"].alarm_name == "tidegate-shop-web-errors" && aws_cloudwatch_metric_alarm.p95["shop/web"].alarm_name == "tidegate-shop-web-p95"
    error_message = "A guard alarm has another name than its ARN in the policies."
  }

  # Without news the one alarm goes off and the other stays; only so does a sweep that is dead get noticed for long.
  assert {
    condition     = aws_cloudwatch_metric_alarm.silent.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.active.treat_missing_data == "ignore"
    error_message = "A silent advance would not be noticed."
  }

  assert {
    condition = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.failures), values(aws_cloudwatch_metric_alarm.dead)) :
      startswith(alarm.alarm_name, "tidegate-own-") && alarm.alarm_actions == toset([aws_sns_topic.messages.arn])
    ])
    error_message = "Nobody is told of a fault of Tidegate itself."
  }

  assert {
    condition     = aws_route53_health_check.canary["shop/web"].insufficient_data_health_status == "Healthy"
    error_message = "A canary without traffic would be ill."
  }

  assert {
    condition = [for widget in jsondecode(aws_cloudwatch_dashboard.service["shop"].dashboard_body).widgets : widget.properties.title] == [
      "web: traffic distribution, %", "web: error rates, % of requests", "web: response time, s",
      "prices: invocations and errors by version", "Canary's weight, %", "Alarms that shut the gate",
    ]
    error_message = "The dashboard lacks something."
  }
}

# Named nothing, nothing may be moved, and no policy is refused for want of a resource.
run "nothing" {
  command = apply

  variables {
    services                = {}
    slack_parameter         = ""
    slack_signing_parameter = ""
    hooks_parameter         = ""
    pagerduty_parameter     = ""
    webhook_parameter       = ""
    signing_parameter       = ""
    sms                     = false
    report_bucket           = ""
    archive_bucket          = ""
    kms_key_arn             = null
    tracing                 = "PassThrough"
  }

  assert {
    condition = alltrue(flatten([for policy in values(aws_iam_role_policy.function) : [
      for statement in jsondecode(policy.policy).Statement : length(flatten([statement.Resource])) > 0
    ]]))
    error_message = "A statement names no resource."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.function["advance"].policy).Statement : statement.Sid] == ["Table", "Evidence", "Logs"]
    error_message = "Something may be moved that nobody named."
  }

  assert {
    condition     = aws_sqs_queue.alarms.sqs_managed_sse_enabled && length(aws_lambda_permission.alarm) == 0
    error_message = "Without a key of one's own the queue is open, or an alarm is let in that nobody named."
  }
}

# Without a key to sign links with nothing faces the internet, and what is named for links alone is read by nobody.
run "no_links" {
  command = apply

  variables {
    signing_parameter = ""
    archive_bucket    = ""
  }

  assert {
    condition     = output.link_url == null && toset(keys(output.functions)) == toset(["advance", "alarm", "control", "notify"])
    error_message = "There is a page although nobody can sign a link to it."
  }

  assert {
    condition     = length(aws_cloudformation_stack.url) + length(aws_sns_topic.approvals) + length(aws_lambda_permission.url) == 0
    error_message = "Something of the links is left."
  }

  assert {
    condition     = !strcontains(join("", [for policy in values(aws_iam_role_policy.function) : policy.policy]), "parameter/tidegate/tidegate/")
    error_message = "A key is read that nobody uses."
  }
}

run "shut_page" {
  command = apply

  variables {
    link_reserved_concurrency = 0
  }

  assert {
    condition     = aws_lambda_function.link[0].reserved_concurrent_executions == 0
    error_message = "The page cannot be shut."
  }
}

run "half_of_the_keys" {
  command = plan

  variables {
    code_parameter = ""
  }

  expect_failures = [aws_lambda_function.link]
}

run "records_alone" {
  command = apply

  variables {
    services = { site = { records = { www = { zone = "Z1", name = "www.example.com" } } } }
  }

  assert {
    condition     = aws_lambda_function.function["alarm"].environment[0].variables.TIDEGATE_RECORDS == "Z1/www.example.com" && aws_lambda_function.function["alarm"].environment[0].variables.TIDEGATE_LISTENERS == ""
    error_message = "The functions are told of other places than the named ones."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function["control"].policy, "elasticloadbalancing:")
    error_message = "Without a load balancer there is nothing to do to one."
  }
}

run "wrong_rule" {
  command = plan

  variables {
    services = { shop = { albs = { web = {
      listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
      rule     = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/other/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
      stable   = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-old/73e2d6bc24d8a067"
      canary   = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-new/2453ed029918f21f"
    } } } }
  }

  expect_failures = [var.services]
}

run "record_with_a_dot" {
  command = plan

  variables {
    services = { site = { records = { www = { zone = "Z1", name = "www.example.com." } } } }
  }

  expect_failures = [var.services]
}

run "too_little_room" {
  command = plan

  variables {
    alarm_reserved_concurrency = 1
  }

  expect_failures = [var.alarm_reserved_concurrency]
}
