# The example of an ALB service, word for word, on the test bed: what a team has already (a network, targets), and where
# the emulated AWS is. `stack.rs` copies it beside the module.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

# The address is taken from AWS_ENDPOINT_URL.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variable "zips" {
  description = "The folder with the functions' zips."
  type        = string
}

variable "slack_parameter" {
  description = "Name of the parameter with the address of Slack's webhook, which the test has put there."
  type        = string
}

variable "report_bucket" {
  description = "Name of the bucket that reports are kept in, which the test has made."
  type        = string
}

resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "zone" {
  for_each = { a = 0, b = 1 }

  vpc_id            = aws_vpc.shop.id
  cidr_block        = cidrsubnet(aws_vpc.shop.cidr_block, 8, each.value)
  availability_zone = "us-east-1${each.key}"
}

module "example" {
  source = "./infra/terraform/examples/alb-service"

  vpc                 = aws_vpc.shop.id
  subnets             = [for subnet in aws_subnet.zone : subnet.id]
  zips                = var.zips
  architecture        = "x86_64"
  deletion_protection = false
  links               = true
  slack_parameter     = var.slack_parameter
  report_bucket       = var.report_bucket
}

output "control" {
  value = module.example.control
}

output "route" {
  value = module.example.route
}

output "alarms" {
  value = module.example.alarms
}

# A second service on the same listener, whose rollout is left alone until it ends.

locals {
  # arn:…:listener-rule/app/shop/<load balancer>/<listener>/<rule>
  parts    = split("/", module.example.route.web.alb.rule)
  balancer = join("/", slice(local.parts, 1, 4))
  listener = join("/", concat([replace(local.parts[0], "listener-rule", "listener")], slice(local.parts, 1, 5)))
}

resource "aws_lb_target_group" "talk" {
  for_each = toset(["legacy", "new"])

  name        = "lightning-talk-${each.key}"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.shop.id
}

resource "aws_lb_listener_rule" "talk" {
  listener_arn = local.listener
  priority     = 5

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.talk["legacy"].arn
  }

  condition {
    path_pattern {
      values = ["/talk/*"]
    }
  }

  # `finish: auto`: Tidegate points it to the new side itself.
  lifecycle {
    ignore_changes = [action]
  }
}

resource "aws_cloudwatch_metric_alarm" "talk" {
  alarm_name          = "lightning-talk-new-5xx-critical"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 5
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  dimensions = {
    LoadBalancer = local.balancer
    TargetGroup  = aws_lb_target_group.talk["new"].arn_suffix
  }
}

output "talk" {
  value = {
    rule   = aws_lb_listener_rule.talk.arn
    stable = aws_lb_target_group.talk["legacy"].arn
    canary = aws_lb_target_group.talk["new"].arn
    alarm  = aws_cloudwatch_metric_alarm.talk.arn
  }
}
