locals {
  # People decide by link where there is a key to sign links with, and ledgers leave the table where there is a bucket.
  links    = var.signing_parameter != ""
  archives = var.archive_bucket != ""

  # Memory buys CPU: at 256 MB a first event needs no second slice of it. Seconds are the most that one event may take.
  functions = merge(
    {
      control = { memory = 256, timeout = 30 }
      # Ends before the next sweep begins.
      advance = { memory = 256, timeout = 55 }
      # Shorter than the queue hides a message, so that a second worker begins when the first has ended.
      alarm = { memory = 256, timeout = 10 }
      # Several places to tell, each with seconds to answer.
      notify = { memory = 256, timeout = 60 }
    },
    # A person waits for a page, and nobody waits for long. `link` is made in link.tf.
    local.links ? { approval = { memory = 256, timeout = 30 }, link = { memory = 256, timeout = 10 } } : {},
    # Nobody waits for it, and it reads whole ledgers.
    local.archives ? { archive = { memory = 256, timeout = 300 } } : {},
  )

  # Whose links are good here: those of one account, one region and one deployment.
  audience = "${local.account}/${local.region}/${var.name}"

  traffic_environment = {
    TIDEGATE_TABLE           = aws_dynamodb_table.rollouts.name
    TIDEGATE_LISTENERS       = join(",", distinct([for alb in values(local.albs) : alb.listener]))
    TIDEGATE_RECORDS         = join(",", distinct([for record in values(local.records) : "${record.zone}/${record.name}"]))
    TIDEGATE_HOOKS_PARAMETER = var.hooks_parameter
    RUST_LOG                 = var.log_level
  }

  environment = {
    # `doctor` asks notify whether Slack would take a message, and looks whether reports can be kept where a plan says.
    control = merge(local.traffic_environment, { TIDEGATE_NOTIFY = "${var.name}-notify", TIDEGATE_REPORT_BUCKET = var.report_bucket })
    advance = local.traffic_environment
    alarm   = local.traffic_environment
    notify = {
      TIDEGATE_TABLE           = aws_dynamodb_table.rollouts.name
      TIDEGATE_TOPIC           = aws_sns_topic.messages.arn
      TIDEGATE_SLACK_PARAMETER = var.slack_parameter
      TIDEGATE_SLACK_CHANNEL   = var.slack_channel
      # Buttons are shown where they are heard; the secret itself is not notify's to read.
      TIDEGATE_SLACK_SIGNING_PARAMETER = local.links ? var.slack_signing_parameter : ""
      TIDEGATE_PAGERDUTY_PARAMETER     = var.pagerduty_parameter
      TIDEGATE_WEBHOOK_PARAMETER       = var.webhook_parameter
      TIDEGATE_AUDIENCE                = local.audience
      TIDEGATE_SIGNING_PARAMETER       = var.signing_parameter
      TIDEGATE_CODE_PARAMETER          = local.links ? var.code_parameter : ""
      TIDEGATE_LINK_HOST               = local.link_host
      RUST_LOG                         = var.log_level
    }
    approval = merge(local.traffic_environment, {
      TIDEGATE_AUDIENCE                = local.audience
      TIDEGATE_APPROVALS_TOPIC         = join("", aws_sns_topic.approvals[*].arn)
      TIDEGATE_VERIFYING_PARAMETER     = var.verifying_parameter
      TIDEGATE_CODE_PARAMETER          = var.code_parameter
      TIDEGATE_SLACK_PARAMETER         = var.slack_parameter
      TIDEGATE_SLACK_SIGNING_PARAMETER = var.slack_signing_parameter
      TIDEGATE_SLACK_TEAM              = var.slack_team
    })
    archive = {
      TIDEGATE_TABLE             = aws_dynamodb_table.rollouts.name
      TIDEGATE_SERVICES          = join(",", keys(var.services))
      TIDEGATE_ARCHIVE_BUCKET    = var.archive_bucket
      TIDEGATE_ARCHIVE_PREFIX    = var.archive_prefix
      TIDEGATE_ARCHIVE_LOCK_DAYS = tostring(var.archive_lock_days)
      RUST_LOG                   = var.log_level
    }
  }

  packages = { for function in keys(local.functions) : function => lookup(var.packages, function, "${coalesce(var.zips, "target/package/${var.architecture}")}/${function}.zip") }
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158:A key of your own is offered with kms_key_arn; without one CloudWatch Logs encrypts with its own.
  #checkov:skip=CKV_AWS_338:Logs are for finding faults. What must be kept for a year is the ledger, and that is in the table.
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "function" {
  #checkov:skip=CKV_AWS_115:Only `alarm` may be kept from starving; a limit on the others could stop a rollback that a person asked for.
  #checkov:skip=CKV_AWS_116:Asynchronous failures go to a destination with request and answer, which is more than a dead-letter queue gets.
  #checkov:skip=CKV_AWS_117:They call public AWS endpoints only. A network of their own would be one more thing to fail during a rollback.
  #checkov:skip=CKV_AWS_173:The environment holds names and ARNs. Secrets are SSM SecureStrings, read when they are needed.
  #checkov:skip=CKV_AWS_272:Signing profiles belong to the account. Zips are reproducible, so what runs can be compared with what was built.
  # `notify` knows the address of `link`, so the two cannot be one resource.
  for_each = { for name, function in local.functions : name => function if name != "link" }

  function_name    = "${var.name}-${each.key}"
  description      = "Tidegate: ${each.key}"
  role             = aws_iam_role.function[each.key].arn
  filename         = local.packages[each.key]
  source_code_hash = filebase64sha256(local.packages[each.key])
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = each.value.memory
  timeout          = each.value.timeout

  reserved_concurrent_executions = each.key == "alarm" ? var.alarm_reserved_concurrency : -1

  environment {
    variables = local.environment[each.key]
  }

  tracing_config {
    mode = var.tracing
  }

  tags = var.tags

  # Lambda would make a log group that never expires, and a first event could meet a role without its policy.
  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]
}

locals {
  # All of them, by name.
  deployed = merge(aws_lambda_function.function, { for function in aws_lambda_function.link : "link" => function })
}
