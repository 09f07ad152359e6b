output "functions" {
  description = "ARNs of the functions, by name. Who may use `tidegate` is who may invoke `control`."
  value       = { for name, function in local.deployed : name => function.arn }
}

output "table" {
  description = "Name of the table."
  value       = aws_dynamodb_table.rollouts.name
}

output "alarm_topic" {
  description = "ARN of the topic that the team's own alarms may name as an action."
  value       = aws_sns_topic.alarms.arn
}

output "message_topic" {
  description = "ARN of the topic with messages, and with the alarms of Tidegate itself."
  value       = aws_sns_topic.messages.arn
}

output "plan_alarms" {
  description = "What to write under a plan's `alarms`, by service."
  value = { for service in keys(var.services) : service => [
    for alarm in values(local.alarms) : { arn = alarm.arn, severity = alarm.severity } if alarm.service == service
  ] }
}

output "link_url" {
  description = "Where the pages are that links lead to; null without links. Slack's interactivity URL is this with slack at its end."
  value       = one(aws_lambda_function_url.link[*].function_url)
}

output "health_checks" {
  description = "Ids of the Route 53 health checks, by service/route: for `health_check_id` of the canary's records."
  value       = { for key, check in aws_route53_health_check.canary : key => check.id }
}

output "roles" {
  description = "ARNs of the functions' roles, for what else must trust them, such as the policy of a key."
  value       = { for name, role in aws_iam_role.function : name => role.arn }
}

output "dead_letter_queues" {
  description = "URLs of the queues with what could not be done or delivered."
  value       = { for name, queue in aws_sqs_queue.dead : name => queue.url }
}
