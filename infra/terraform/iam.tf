# One role a function, and one for the scheduler. A list with an `if` is a statement that is there only when it names something:
# a statement without resources is refused, and one with `*` in their place would allow everything.

locals {
  base_rules   = [for alb in values(local.albs) : alb.rule if alb.rule != null]
  defaults     = distinct([for alb in values(local.albs) : alb.listener if alb.default_action])
  groups       = distinct(flatten([for alb in values(local.albs) : [alb.stable, alb.canary]]))
  zones        = distinct([for record in values(local.records) : "arn:${local.partition}:route53:::hostedzone/${record.zone}"])
  aliased      = distinct([for alias in values(local.aliases) : alias.function])
  hook_lambdas = distinct(flatten([for service in values(var.services) : service.hooks.functions]))
  hook_texts   = distinct(flatten([for service in values(var.services) : service.hooks.documents]))
  hook_roles   = distinct(flatten([for service in values(var.services) : service.hooks.roles]))
  topics       = distinct(flatten([for service in values(var.services) : service.topics]))

  # Names of parameters; what is not named, or belongs to links that are off, is empty.
  parameters = merge(
    { hooks = var.hooks_parameter, slack = var.slack_parameter, pagerduty = var.pagerduty_parameter, webhook = var.webhook_parameter },
    { for what, name in {
      signing = var.signing_parameter, verifying = var.verifying_parameter, code = var.code_parameter, slack_signing = var.slack_signing_parameter,
    } : what => local.links ? name : "" },
  )

  may_use_table = [{
    Sid    = "Table"
    Effect = "Allow"
    # A transaction needs the rights of what it is made of.
    Action = [
      "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem",
      "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
    ]
    Resource = [aws_dynamodb_table.rollouts.arn, "${aws_dynamodb_table.rollouts.arn}/index/active"]
  }]

  # CloudWatch has no resources for GetMetricData, and DescribeAlarms finds composite alarms only with `*`. Both only read.
  may_measure = [{
    Sid      = "Evidence"
    Effect   = "Allow"
    Action   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"]
    Resource = "*"
  }]

  # Elastic Load Balancing has no resources for what describes. It only reads.
  may_see_albs = [for listeners in [local.albs] : {
    Sid    = "SeeLoadBalancers"
    Effect = "Allow"
    Action = [
      "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags",
      "elasticloadbalancing:DescribeTargetHealth",
    ]
    Resource = "*"
  } if length(listeners) > 0]

  # A rule of ours is one that says so in its tag, and it says so from its first moment: it is created with the tag, and the
  # tag cannot be given to a rule that does not have it. Other rules of the listener are out of reach.
  may_own_rules = flatten([for service, s in var.services : [
    {
      Sid       = "CreateRule${replace(title(replace(service, "-", " ")), " ", "")}"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:CreateRule"]
      Resource  = distinct([for alb in values(s.albs) : alb.listener])
      Condition = { StringLike = { "aws:RequestTag/tidegate:owner" = "${service}/*" } }
    },
    {
      Sid      = "TagNewRule${replace(title(replace(service, "-", " ")), " ", "")}"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:AddTags"]
      Resource = distinct([for alb in values(s.albs) : "${replace(alb.listener, ":listener/", ":listener-rule/")}/*"])
      Condition = {
        StringEquals = { "elasticloadbalancing:CreateAction" = "CreateRule" }
        StringLike   = { "aws:RequestTag/tidegate:owner" = "${service}/*" }
      }
    },
    {
      Sid       = "OwnRule${replace(title(replace(service, "-", " ")), " ", "")}"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:AddTags", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:ModifyRule"]
      Resource  = distinct([for alb in values(s.albs) : "${replace(alb.listener, ":listener/", ":listener-rule/")}/*"])
      Condition = { StringLike = { "aws:ResourceTag/tidegate:owner" = "${service}/*" } }
    },
  ] if length(s.albs) > 0])

  may_write_bases = concat(
    [for rules in [local.base_rules] : {
      Sid      = "BaseRules"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:ModifyRule"]
      Resource = rules
    } if length(rules) > 0],
    [for listeners in [local.defaults] : {
      Sid      = "DefaultActions"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:ModifyListener"]
      Resource = listeners
    } if length(listeners) > 0],
    # How long the canary's targets may finish what they have begun, which a plan's `drain` shortens.
    [for groups in [local.groups] : {
      Sid      = "Drain"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:ModifyTargetGroupAttributes"]
      Resource = groups
    } if length(groups) > 0],
  )

  # A statement a record: its name, its types, and the TXT record beside it that fences it. IAM cannot tie a type to a name, nor
  # name a set identifier or a weight. `Null` is there because `ForAllValues` is true of nothing at all.
  may_write_records = [for record in values(local.records) : {
    Sid      = "Record${substr(sha256("${record.zone}/${record.name}"), 0, 8)}"
    Effect   = "Allow"
    Action   = ["route53:ChangeResourceRecordSets"]
    Resource = ["arn:${local.partition}:route53:::hostedzone/${record.zone}"]
    Condition = {
      "ForAllValues:StringEquals" = {
        # As IAM sees a name: an asterisk by its octal code.
        "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [
          replace(record.name, "*", "\\052"), "_tidegate.${replace(record.name, "*", "\\052")}",
        ]
        "route53:ChangeResourceRecordSetsRecordTypes" = concat(sort(record.types), ["TXT"])
        "route53:ChangeResourceRecordSetsActions"     = ["CREATE", "DELETE", "UPSERT"]
      }
      Null = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = "false" }
    }
  }]

  may_see_records = [for zones in [local.zones] : {
    Sid      = "SeeRecords"
    Effect   = "Allow"
    Action   = ["route53:ListResourceRecordSets"]
    Resource = zones
  } if length(zones) > 0]

  # A change's id is known when it has been sent.
  may_see_changes = [for zones in [local.zones] : {
    Sid      = "SeeChanges"
    Effect   = "Allow"
    Action   = ["route53:GetChange"]
    Resource = ["arn:${local.partition}:route53:::change/*"]
  } if length(zones) > 0]

  may_move_aliases = [for functions in [local.aliased] : {
    Sid      = "Aliases"
    Effect   = "Allow"
    Action   = ["lambda:GetAlias", "lambda:UpdateAlias"]
    Resource = functions
  } if length(functions) > 0]

  may_run_hooks = concat(
    [for functions in [local.hook_lambdas] : {
      Sid      = "HookFunctions"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = functions
    } if length(functions) > 0],
    [for documents in [local.hook_texts] : {
      Sid    = "HookDocuments"
      Effect = "Allow"
      Action = ["ssm:StartAutomationExecution"]
      Resource = flatten([for document in documents : [
        "arn:${local.partition}:ssm:${local.here}:automation-definition/${document}:*",
        "arn:${local.partition}:ssm:${local.here}:document/${document}",
      ]])
    } if length(documents) > 0],
    # An execution's id is known when it has begun.
    [for documents in [local.hook_texts] : {
      Sid      = "HookExecutions"
      Effect   = "Allow"
      Action   = ["ssm:GetAutomationExecution"]
      Resource = ["arn:${local.partition}:ssm:${local.here}:automation-execution/*"]
    } if length(documents) > 0],
    [for roles in [local.hook_roles] : {
      Sid       = "HookRoles"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = roles
      Condition = { StringEquals = { "iam:PassedToService" = "ssm.amazonaws.com" } }
    } if length(roles) > 0],
  )

  # A statement a parameter, so that a function reads the secrets it works with and no other.
  may_read = { for what, name in local.parameters : what => [for parameter in [name] : {
    Sid      = "Read${replace(title(replace(what, "_", " ")), " ", "")}"
    Effect   = "Allow"
    Action   = ["ssm:GetParameter"]
    Resource = ["arn:${local.partition}:ssm:${local.here}:parameter/${trimprefix(parameter, "/")}"]
  } if parameter != ""] }

  # For all that is kept under a key of your own, and only through the service that keeps it.
  may_use_key = [for key in [var.kms_key_arn] : {
    Sid      = "Key"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    Resource = key
    Condition = {
      StringEquals = { "kms:ViaService" = [for service in ["dynamodb", "sns", "sqs", "ssm"] : "${service}.${local.region}.amazonaws.com"] }
    }
  } if key != null]

  may_trace = [for mode in [var.tracing] : {
    Sid    = "Trace"
    Effect = "Allow"
    Action = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    # X-Ray has no resources for what is put.
    Resource = "*"
  } if mode == "Active"]

  may_move_traffic = concat(
    local.may_use_table, local.may_measure, local.may_see_albs, local.may_own_rules, local.may_write_bases,
    local.may_write_records, local.may_see_records, local.may_see_changes, local.may_move_aliases, local.may_run_hooks,
    local.may_read.hooks, local.may_use_key, local.may_trace,
  )

  archived = [for folder in ["heads", "ledgers"] : "arn:${local.partition}:s3:::${var.archive_bucket}/${var.archive_prefix}${folder}/*"]

  may_look = [
    {
      Sid      = "Look"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:Query"]
      Resource = [aws_dynamodb_table.rollouts.arn]
    },
  ]

  permissions = {
    control = concat(local.may_move_traffic, [{
      # Whether Slack would take a message; who asks never has its address.
      Sid      = "AskNotify"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = "arn:${local.partition}:lambda:${local.here}:function:${var.name}-notify"
    }])
    advance = local.may_move_traffic
    alarm = concat(local.may_move_traffic, [
      {
        Sid      = "Queue"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = aws_sqs_queue.alarms.arn
      },
      {
        Sid      = "Failures"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = aws_sqs_queue.dead["alarms"].arn
      },
    ])
    # It faces the internet: it reads, and hands on what was answered. It holds no secret, only public keys.
    link = concat(local.may_look, local.may_read.verifying, local.may_use_key, local.may_trace, [
      {
        # CloudWatch has no resources for it. It only reads.
        Sid      = "Evidence"
        Effect   = "Allow"
        Action   = ["cloudwatch:GetMetricData"]
        Resource = "*"
      }],
      [for topic in aws_sns_topic.approvals : {
        Sid      = "Answers"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = topic.arn
      }],
    )
    approval = concat(
      local.may_move_traffic, local.may_read.verifying, local.may_read.code, local.may_read.slack_signing, local.may_read.slack,
      [for queue in [for name, queue in aws_sqs_queue.dead : queue if name == "approvals"] : {
        Sid      = "Failures"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = queue.arn
      }],
    )
    # It reads the ledger, and can put into the bucket what was never there; it can neither read the bucket nor delete from it.
    archive = concat(local.may_use_key, local.may_trace, [
      {
        Sid      = "Look"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:Query"]
        Resource = [aws_dynamodb_table.rollouts.arn, "${aws_dynamodb_table.rollouts.arn}/index/active"]
      },
      {
        Sid      = "Archive"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = local.archived
        # Only what says itself that it overwrites nothing (S3, "Enforce conditional writes").
        Condition = { Null = { "s3:if-none-match" = "false" } }
      },
      ],
      # A lock is a right of its own, and comes with the object.
      [for days in [var.archive_lock_days] : {
        Sid      = "ArchiveLock"
        Effect   = "Allow"
        Action   = ["s3:PutObjectRetention"]
        Resource = local.archived
      } if days > 0],
      [
        {
          Sid      = "Failures"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = aws_sqs_queue.dead["sweeps"].arn
        },
    ])
    # Nothing here carries traffic. Of the table it writes what it has sent and must still send.
    notify = concat(
      local.may_look, local.may_read.slack, local.may_read.signing, local.may_read.code, local.may_read.pagerduty, local.may_read.webhook,
      local.may_use_key, local.may_trace,
      [{
        Sid      = "Outbox"
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource = [aws_dynamodb_table.rollouts.arn]
        # `Null` is there because `ForAllValues` is true of nothing at all.
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["OUTBOX#*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      }],
      [{
        # What is still to be sent, whoever's it is.
        Sid       = "Unsent"
        Effect    = "Allow"
        Action    = ["dynamodb:Query"]
        Resource  = ["${aws_dynamodb_table.rollouts.arn}/index/active"]
        Condition = { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["outbox"] } }
      }],
      # It can put a report that was never there; it can neither read the bucket nor delete from it.
      [for bucket in [var.report_bucket] : {
        Sid      = "Reports"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = [for form in ["html", "md"] : "arn:${local.partition}:s3:::${bucket}/*.${form}"]
        # Only what says itself that it overwrites nothing (S3, "Enforce conditional writes").
        Condition = { Null = { "s3:if-none-match" = "false" } }
      } if bucket != ""],
      [for topics in [local.topics] : {
        Sid      = "PlanTopics"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = topics
      } if length(topics) > 0],
      [for sms in [var.sms] : {
        Sid    = "Sms"
        Effect = "Allow"
        Action = ["sns:Publish"]
        # A telephone number has no ARN. This is all of them, and not one topic.
        NotResource = ["arn:${local.partition}:sns:*:*:*"]
      } if sms],
      [
        {
          Sid      = "Ledger"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
          Resource = "${aws_dynamodb_table.rollouts.arn}/stream/*"
        },
        {
          # Lambda wants it before it reads a stream, and IAM has no resources for it. It tells names of streams.
          Sid      = "FindStream"
          Effect   = "Allow"
          Action   = ["dynamodb:ListStreams"]
          Resource = "*"
        },
        {
          Sid      = "Messages"
          Effect   = "Allow"
          Action   = ["sns:Publish"]
          Resource = aws_sns_topic.messages.arn
        },
        {
          Sid      = "Failures"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = aws_sqs_queue.dead["messages"].arn
        },
    ])
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name                 = "${var.name}-${each.key}"
  description          = "Tidegate: what ${each.key} may do"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals    = { "aws:SourceArn" = "arn:${local.partition}:lambda:${local.here}:function:${var.name}-${each.key}" }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "function" {
  #checkov:skip=CKV_AWS_290:What writes names its resources. `*` stands only where IAM has no resources: describing, listing streams, metrics, traces.
  #checkov:skip=CKV_AWS_355:`*` stands only where IAM has no resources: describing, listing streams, metrics, traces.
  for_each = local.functions

  name = "may"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.permissions[each.key], [{
      Sid      = "Logs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.function[each.key].arn}:*"
    }])
  })

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.permissions[each.key])) < 9900
      error_message = "A role's policy has 10,240 characters at most. Put some of the services into a second stack with another name."
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name                 = "${var.name}-scheduler"
  description          = "Tidegate: wakes what works by the clock"
  permissions_boundary = var.permissions_boundary

  # The group, because EventBridge Scheduler names no single schedule here.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = "arn:${local.partition}:scheduler:${local.here}:schedule-group/${var.name}"
        }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "scheduler" {
  name = "may"
  role = aws_iam_role.scheduler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Wake"
          Effect   = "Allow"
          Action   = ["lambda:InvokeFunction"]
          Resource = [for name in ["advance", "archive", "notify"] : aws_lambda_function.function[name].arn if contains(keys(local.functions), name)]
        },
        {
          Sid      = "Failures"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = aws_sqs_queue.dead["sweeps"].arn
        },
      ],
      [for key in [var.kms_key_arn] : {
        Sid       = "Key"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = key
        Condition = { StringEquals = { "kms:ViaService" = "sqs.${local.region}.amazonaws.com" } }
      } if key != null],
    )
  })
}
