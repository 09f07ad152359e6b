# Alarms that guard a service, with the thresholds of a plan's `rollback` line.

# More than so many percent of the canary's requests answered 5xx, two minutes of three. Without enough requests a percentage
# says nothing, and without any the canary harms nobody: both are no breach. An absent 5xx count is zero.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = { for key, alb in local.albs : key => alb if alb.guard != null }

  alarm_name          = local.guards["${each.key}/errors"].name
  alarm_description   = "Tidegate: the canary of ${each.key} answers 5xx to more than ${each.value.guard.error_percent} % of its requests"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.guard.error_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  metric_query {
    id          = "percent"
    label       = "5xx of the canary, %"
    expression  = "IF(requests >= ${each.value.guard.min_requests}, 100 * FILL(errors, 0) / requests, 0)"
    return_data = true
  }

  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      stat        = "Sum"
      period      = 60
      dimensions  = { LoadBalancer = each.value.load_balancer, TargetGroup = each.value.canary_group }
    }
  }

  metric_query {
    id = "requests"
    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      stat        = "Sum"
      period      = 60
      dimensions  = { LoadBalancer = each.value.load_balancer, TargetGroup = each.value.canary_group }
    }
  }
}

# The slowest twentieth slower than this, three minutes of three.
resource "aws_cloudwatch_metric_alarm" "p95" {
  for_each = { for key, alb in local.albs : key => alb if alb.guard != null }

  alarm_name          = local.guards["${each.key}/p95"].name
  alarm_description   = "Tidegate: one of twenty requests to the canary of ${each.key} takes more than ${each.value.guard.p95_seconds} s"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.guard.p95_seconds
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  extended_statistic  = "p95"
  period              = 60
  dimensions          = { LoadBalancer = each.value.load_balancer, TargetGroup = each.value.canary_group }
  alarm_actions       = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  # Of fewer than 200 requests a p95 is one request.
  evaluate_low_sample_count_percentiles = "ignore"
}

# A way back that needs no API: Route 53 itself watches what this alarm watches and stops answering with a record that names the
# health check. It reads the metric, not the alarm's state, so it takes neither percentiles nor math (README).
resource "aws_cloudwatch_metric_alarm" "health" {
  for_each = { for key, alb in local.albs : key => alb if alb.health_check != null }

  alarm_name          = "${var.name}-${each.value.service}-${each.value.route}-health"
  alarm_description   = "Tidegate: what the Route 53 health check of ${each.key} watches"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.health_check.max_5xx_per_minute
  evaluation_periods  = each.value.health_check.minutes
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  statistic           = "Sum"
  period              = 60
  dimensions          = { LoadBalancer = each.value.load_balancer, TargetGroup = each.value.canary_group }
  tags                = var.tags
}

resource "aws_route53_health_check" "canary" {
  for_each = { for key, alb in local.albs : key => alb if alb.health_check != null }

  type                    = "CLOUDWATCH_METRIC"
  cloudwatch_alarm_name   = aws_cloudwatch_metric_alarm.health[each.key].alarm_name
  cloudwatch_alarm_region = local.region
  # Without traffic there is no data, and a canary without traffic is not ill.
  insufficient_data_health_status = "Healthy"

  tags = merge(var.tags, { Name = "${var.name}-${each.value.service}-${each.value.route}" })
}

# Alarms on Tidegate itself. Their actions go to people, never to `alarm`.

locals {
  own = "${var.name}-own"
  # A sweep that fails once is followed by the next; two of five are not chance.
  failures = { for name in keys(local.functions) : name => name == "advance" ? { minutes = 2, of = 5 } : { minutes = 1, of = 1 } }
}

resource "aws_cloudwatch_metric_alarm" "failures" {
  for_each = local.failures

  alarm_name          = "${local.own}-${each.key}-fails"
  alarm_description   = "Tidegate: ${each.key} ends with errors; its log says why"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = each.value.of
  datapoints_to_alarm = each.value.minutes
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  statistic           = "Sum"
  period              = 60
  dimensions          = { FunctionName = local.deployed[each.key].function_name }
  alarm_actions       = [aws_sns_topic.messages.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "${local.own}-alarm-throttled"
  alarm_description   = "Tidegate: there is no room to run alarm, so rollbacks wait; raise alarm_reserved_concurrency"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  statistic           = "Sum"
  period              = 60
  dimensions          = { FunctionName = aws_lambda_function.function["alarm"].function_name }
  alarm_actions       = [aws_sns_topic.messages.arn]
  tags                = var.tags
}

# A message leaves the queue when the weights were read back. One that stays is a rollback that does not end.
resource "aws_cloudwatch_metric_alarm" "waiting" {
  alarm_name          = "${local.own}-alarm-waits"
  alarm_description   = "Tidegate: an alarm has been waiting for more than a minute; look whether its rollout is back on stable"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  statistic           = "Maximum"
  period              = 60
  dimensions          = { QueueName = aws_sqs_queue.alarms.name }
  alarm_actions       = [aws_sns_topic.messages.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  for_each = aws_sqs_queue.dead

  alarm_name          = "${local.own}-${each.key}-dead"
  alarm_description   = "Tidegate: something lies in ${each.value.name} that could not be done or delivered"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  statistic           = "Maximum"
  period              = 60
  dimensions          = { QueueName = each.value.name }
  alarm_actions       = [aws_sns_topic.messages.arn]
  tags                = var.tags
}

# "advance has not run for five minutes while a rollout is active", in three alarms. In one alarm with metric math both series
# would be filled where they are missing, and once all of the window is missing there is nothing left to fill: the alarm
# would fall silent at the very time it is for. Here each series has its own answer to missing data.

# No sweep for five minutes. That none is reported is what it looks for.
resource "aws_cloudwatch_metric_alarm" "silent" {
  #checkov:skip=CKV_AWS_319:It has no action of its own; `stuck` acts when a rollout is active as well.
  alarm_name          = "${local.own}-advance-silent"
  alarm_description   = "Tidegate: advance has not run for five minutes"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  namespace           = "Tidegate"
  metric_name         = "Sweeps"
  statistic           = "Sum"
  period              = 60
  dimensions          = local.own_dimensions
  tags                = var.tags
}

# A rollout is active, as far as anyone has said: without news it stays as it was.
resource "aws_cloudwatch_metric_alarm" "active" {
  #checkov:skip=CKV_AWS_319:It has no action of its own; `stuck` acts when advance is silent as well.
  alarm_name          = "${local.own}-rollout-active"
  alarm_description   = "Tidegate: a rollout is active; nothing is wrong with that"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "ignore"
  namespace           = "Tidegate"
  metric_name         = "ActiveRollouts"
  statistic           = "Maximum"
  period              = 60
  dimensions          = local.own_dimensions
  tags                = var.tags
}

resource "aws_cloudwatch_composite_alarm" "stuck" {
  alarm_name        = "${local.own}-advance-stuck"
  alarm_description = "Tidegate: advance has not run for five minutes while a rollout is active: no phase ends, and nobody measures. Alarms still shut the gate"
  alarm_rule = join(" AND ", [
    "ALARM(\"${aws_cloudwatch_metric_alarm.silent.alarm_name}\")",
    "ALARM(\"${aws_cloudwatch_metric_alarm.active.alarm_name}\")",
  ])
  alarm_actions = [aws_sns_topic.messages.arn]
  tags          = var.tags
}
