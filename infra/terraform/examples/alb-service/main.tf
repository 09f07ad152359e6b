# A shop behind a load balancer: the team's own load balancer, rule and target groups, and Tidegate beside them.
#
# Tidegate makes a rule of its own before `aws_lb_listener_rule.shop`, so Terraform never sees a weight and never takes one back.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "vpc" {
  description = "Id of the VPC."
  type        = string
}

variable "subnets" {
  description = "Ids of two subnets or more, in different zones."
  type        = list(string)
}

variable "zips" {
  description = "The folder with the functions' zips, as `make package` leaves it."
  type        = string
}

variable "architecture" {
  description = "What the zips were built for."
  type        = string
  default     = "arm64"
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted; false to try the example out."
  type        = bool
  default     = true
}

variable "slack_parameter" {
  description = "Name of the SSM SecureString with the URL of Slack's incoming webhook; empty for none."
  type        = string
  default     = ""
}

variable "report_bucket" {
  description = "Name of a bucket of yours that the plan keeps reports in (`reports:`); empty for none."
  type        = string
  default     = ""
}

variable "links" {
  description = "Whether people decide by link; then `tidegate keys new` comes first, with the names of parameters that it has by default."
  type        = bool
  default     = false
}

resource "aws_lb" "shop" {
  #checkov:skip=CKV_AWS_91:An example; access logs need a bucket.
  #checkov:skip=CKV_AWS_150:An example, to be destroyed.
  #checkov:skip=CKV2_AWS_20:An example within a VPC; yours has a certificate.
  #checkov:skip=CKV2_AWS_28:An example; a firewall is the team's choice.
  name                       = "shop"
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = var.subnets
  drop_invalid_header_fields = true
}

# What serves today, and what is introduced.
resource "aws_lb_target_group" "side" {
  #checkov:skip=CKV_AWS_378:An example within a VPC.
  for_each = toset(["stable", "canary"])

  name                 = "shop-${each.key}"
  port                 = 8080
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.vpc
  deregistration_delay = 30

  health_check {
    path = "/health"
  }

  # A plan with `rollback: { drain: … }` sets the canary's when traffic goes back, and leaves it so.
  lifecycle {
    ignore_changes = [deregistration_delay]
  }
}

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:An example within a VPC; yours has a certificate.
  #checkov:skip=CKV_AWS_103:An example within a VPC; yours has a certificate.
  load_balancer_arn = aws_lb.shop.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

# The base rule. Its number leaves room before it for Tidegate's own: `priority: 10` in the plan.
resource "aws_lb_listener_rule" "shop" {
  listener_arn = aws_lb_listener.http.arn
  priority     = 100

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.side["stable"].arn
  }

  condition {
    path_pattern {
      values = ["/*"]
    }
  }
}

module "tidegate" {
  source = "../.."

  zips                = var.zips
  architecture        = var.architecture
  deletion_protection = var.deletion_protection

  slack_parameter     = var.slack_parameter
  report_bucket       = var.report_bucket
  signing_parameter   = var.links ? "/tidegate/tidegate/signing" : ""
  verifying_parameter = var.links ? "/tidegate/tidegate/verifying" : ""
  code_parameter      = var.links ? "/tidegate/tidegate/code" : ""

  services = {
    shop = {
      albs = {
        web = {
          listener = aws_lb_listener.http.arn
          # Without `rule` Tidegate cannot write the base rule: the plan says `finish: manual`, and the team points it to the new
          # side itself. With `rule = aws_lb_listener_rule.shop.arn` Tidegate does that, and the rule above gets
          # `lifecycle { ignore_changes = [action] }`.
          stable = aws_lb_target_group.side["stable"].arn
          canary = aws_lb_target_group.side["canary"].arn
          # The plan's `rollback: ["error_rate > 1% for 2m", "p95 > 1s for 3m"]`.
          guard = { error_percent = 1, p95_seconds = 1, min_requests = 50 }
        }
      }
    }
  }
}

output "control" {
  description = "The function that `tidegate` talks to."
  value       = module.tidegate.functions["control"]
}

output "route" {
  description = "What to write under `routes` in the plan."
  value = {
    web = { alb = {
      rule     = aws_lb_listener_rule.shop.arn
      stable   = aws_lb_target_group.side["stable"].arn
      canary   = aws_lb_target_group.side["canary"].arn
      priority = 10
    } }
  }
}

output "alarms" {
  description = "What to write under `alarms` in the plan."
  value       = module.tidegate.plan_alarms["shop"]
}

output "link_url" {
  description = "Where the pages are that links lead to."
  value       = module.tidegate.link_url
}
