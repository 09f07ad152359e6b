# What wakes the functions. `control` is invoked by people and pipelines with their own IAM identity.

# advance: every minute.

resource "aws_scheduler_schedule_group" "sweep" {
  name = var.name
  tags = var.tags
}

resource "aws_scheduler_schedule" "sweep" {
  #checkov:skip=CKV_AWS_297:The input is {"sweep":true}, which is no secret.
  name                = "${var.name}-sweep"
  description         = "Tidegate: takes every active rollout a step further"
  group_name          = aws_scheduler_schedule_group.sweep.name
  schedule_expression = "rate(1 minute)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.function["advance"].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ sweep = true })

    # The next sweep does what this one did not.
    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 0
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead["sweeps"].arn
    }
  }
}

resource "aws_lambda_function_event_invoke_config" "advance" {
  function_name                = aws_lambda_function.function["advance"].function_name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

# notify: what a channel would not take is tried again.

resource "aws_scheduler_schedule" "retry" {
  #checkov:skip=CKV_AWS_297:The input is {"retry":"outbox"}, which is no secret.
  name                = "${var.name}-retry"
  description         = "Tidegate: sends what could not be sent before"
  group_name          = aws_scheduler_schedule_group.sweep.name
  schedule_expression = "rate(5 minutes)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.function["notify"].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ retry = "outbox" })

    # The next one does what this one did not.
    retry_policy {
      maximum_event_age_in_seconds = 300
      maximum_retry_attempts       = 0
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead["sweeps"].arn
    }
  }
}

resource "aws_lambda_function_event_invoke_config" "notify" {
  function_name                = aws_lambda_function.function["notify"].function_name
  maximum_event_age_in_seconds = 300
  maximum_retry_attempts       = 0
}

# archive: every day, in the quiet of a UTC night.

resource "aws_scheduler_schedule" "archive" {
  #checkov:skip=CKV_AWS_297:The input is {"archive":"changed"}, which is no secret.
  count = local.archives ? 1 : 0

  name                = "${var.name}-archive"
  description         = "Tidegate: takes the heads of ledgers, and whole ledgers, out of the table"
  group_name          = aws_scheduler_schedule_group.sweep.name
  schedule_expression = "cron(17 2 * * ? *)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.function["archive"].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ archive = "changed" })

    retry_policy {
      maximum_event_age_in_seconds = 21600
      maximum_retry_attempts       = 2
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead["sweeps"].arn
    }
  }
}

resource "aws_lambda_function_event_invoke_config" "archive" {
  count = local.archives ? 1 : 0

  function_name                = aws_lambda_function.function["archive"].function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead["sweeps"].arn
    }
  }
}

# alarm: the queue is the main path. A message stays in it until the weights were read back.

resource "aws_sqs_queue" "alarms" {
  #checkov:skip=CKV_AWS_27:Encrypted with SQS's own key, or with yours if kms_key_arn is given.
  name                       = "${var.name}-alarms"
  visibility_timeout_seconds = 15
  message_retention_seconds  = 345600
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead["alarms"].arn
    maxReceiveCount     = 20
  })

  tags = var.tags
}

resource "aws_sqs_queue_policy" "alarms" {
  count = length(local.guarded_services) > 0 ? 1 : 0

  queue_url = aws_sqs_queue.alarms.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmRules"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.alarms.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = [for rule in values(aws_cloudwatch_event_rule.alarms) : rule.arn] }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
    }]
  })
}

# One rule a service, because a pattern has 4,096 characters at most. Every change of state is taken, because what a state
# means is decided in one place, in the code.
resource "aws_cloudwatch_event_rule" "alarms" {
  for_each = local.guarded_services

  name        = "${var.name}-alarms-${each.key}"
  description = "Tidegate: the alarms of ${each.key} change their state"
  event_pattern = jsonencode({
    source        = ["aws.cloudwatch"]
    "detail-type" = ["CloudWatch Alarm State Change"]
    resources     = [for alarm in values(local.alarms) : alarm.arn if alarm.service == each.key]
  })
  tags = var.tags
}

resource "aws_cloudwatch_event_target" "alarms" {
  for_each = local.guarded_services

  rule      = aws_cloudwatch_event_rule.alarms[each.key].name
  target_id = "queue"
  arn       = aws_sqs_queue.alarms.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead["alarms"].arn
  }
}

resource "aws_lambda_event_source_mapping" "alarms" {
  event_source_arn        = aws_sqs_queue.alarms.arn
  function_name           = aws_lambda_function.function["alarm"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  # Leaves the other half to topic and direct actions.
  scaling_config {
    maximum_concurrency = var.alarm_reserved_concurrency == -1 ? 5 : max(2, floor(var.alarm_reserved_concurrency / 2))
  }

  tags = var.tags
}

# alarm: a topic that alarms can name as their action.

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:Alarms cannot publish to a topic with the key that AWS manages for SNS; yours is taken if kms_key_arn is given.
  name              = "${var.name}-alarms"
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "alarms" {
  count = length(local.alarms) > 0 ? 1 : 0

  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = [for alarm in values(local.alarms) : alarm.arn] }
        StringEquals = { "aws:SourceAccount" = distinct([for alarm in values(local.alarms) : split(":", alarm.arn)[4]]) }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.function["alarm"].arn

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead["alarms"].arn })
}

resource "aws_lambda_permission" "topic" {
  statement_id   = "topic"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.function["alarm"].function_name
  principal      = "sns.amazonaws.com"
  source_arn     = aws_sns_topic.alarms.arn
  source_account = local.account
}

# alarm: the function itself as an alarm's action.

resource "aws_lambda_permission" "alarm" {
  for_each = local.alarms

  statement_id   = "alarm-${replace(each.key, "/", "-")}"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.function["alarm"].function_name
  principal      = "lambda.alarms.cloudwatch.amazonaws.com"
  source_arn     = each.value.arn
  source_account = split(":", each.value.arn)[4]
}

# Topic and direct action are asynchronous: what fails three times is kept.
resource "aws_lambda_function_event_invoke_config" "alarm" {
  function_name                = aws_lambda_function.function["alarm"].function_name
  maximum_event_age_in_seconds = 3600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead["alarms"].arn
    }
  }
}

# notify: the ledger, entry by entry.

resource "aws_lambda_event_source_mapping" "ledger" {
  event_source_arn = aws_dynamodb_table.rollouts.stream_arn
  function_name    = aws_lambda_function.function["notify"].arn
  # What was written before the mapping worked is told too.
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 10
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 10
  maximum_record_age_in_seconds  = 3600
  function_response_types        = ["ReportBatchItemFailures"]

  filter_criteria {
    filter {
      pattern = jsonencode({
        eventName = ["INSERT"]
        dynamodb  = { Keys = { sk = { S = [{ prefix = "EV#" }] } } }
      })
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead["messages"].arn
    }
  }

  tags = var.tags
}

resource "aws_sns_topic" "messages" {
  #checkov:skip=CKV_AWS_26:Alarms cannot publish to a topic with the key that AWS manages for SNS; yours is taken if kms_key_arn is given.
  name              = "${var.name}-messages"
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "messages" {
  arn = aws_sns_topic.messages.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OwnAlarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.messages.arn
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.here}:alarm:${var.name}-own-*" }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "messages" {
  for_each = var.message_subscriptions

  topic_arn = aws_sns_topic.messages.arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}

# What could not be delivered or done is kept for two weeks, and somebody is told (alarms.tf).

resource "aws_sqs_queue" "dead" {
  #checkov:skip=CKV_AWS_27:Encrypted with SQS's own key, or with yours if kms_key_arn is given.
  for_each = toset(concat(["alarms", "messages", "sweeps"], local.links ? ["approvals"] : []))

  name                      = "${var.name}-${each.key}-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "dead_alarms" {
  queue_url = aws_sqs_queue.dead["alarms"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "Topic"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.dead["alarms"].arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = [aws_sns_topic.alarms.arn] }
          StringEquals = { "aws:SourceAccount" = local.account }
        }
      }],
      [for rules in [[for rule in values(aws_cloudwatch_event_rule.alarms) : rule.arn]] : {
        Sid       = "AlarmRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.dead["alarms"].arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = rules }
          StringEquals = { "aws:SourceAccount" = local.account }
        }
      } if length(local.guarded_services) > 0],
    )
  })
}
