# The move of a whole system by DNS: one name, a record for the legacy and one for the new load balancer.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "zone" {
  description = "Id of the hosted zone."
  type        = string
}

variable "record" {
  description = "The name that is moved, in small letters and without a dot at its end."
  type        = string
}

variable "sides" {
  description = "Where each side is: the DNS name and the canonical zone id of its load balancer."
  type = object({
    legacy = object({ name = string, zone = string })
    new    = object({ name = string, zone = string })
  })
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

variable "on_call" {
  description = "Who is told, by e-mail."
  type        = string
}

locals {
  # `stable` and `canary` of the plan are set identifiers: a typing error in one would add a record and change every share.
  sides = {
    Legacy = merge(var.sides.legacy, { weight = 255 })
    New    = merge(var.sides.new, { weight = 0 })
  }
}

resource "aws_route53_record" "apex" {
  #checkov:skip=CKV2_AWS_23:The load balancers are of two other stacks.
  for_each = local.sides

  zone_id        = var.zone
  name           = var.record
  type           = "A"
  set_identifier = each.key

  weighted_routing_policy {
    weight = each.value.weight
  }

  alias {
    name    = each.value.name
    zone_id = each.value.zone
    # One target group without targets makes a whole load balancer ill, and its weight is then not looked at.
    evaluate_target_health = false
  }

  # Weights are Tidegate's from here on.
  lifecycle {
    ignore_changes = [weighted_routing_policy]
  }
}

# The team's own alarm of the plan.
resource "aws_cloudwatch_metric_alarm" "severe_bugs" {
  alarm_name          = "migration-severe-bugs"
  alarm_description   = "A severe bug was reported on the new system"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  namespace           = "Support"
  metric_name         = "SevereBugs"
  statistic           = "Sum"
  period              = 60
  # The rule on EventBridge hears it anyway; this is a second way to the same function.
  alarm_actions = [module.tidegate.alarm_topic]
}

module "tidegate" {
  source = "../.."

  name                = "migration"
  zips                = var.zips
  architecture        = var.architecture
  deletion_protection = var.deletion_protection

  services = {
    lightning-talk-circle = {
      records = { apex = { zone = var.zone, name = var.record, types = ["A"] } }
      # Put together and not taken from the resource, because the alarm names the module's topic.
      alarms = { severe-bugs = {
        arn = "arn:${data.aws_partition.here.partition}:cloudwatch:${data.aws_region.here.id}:${data.aws_caller_identity.here.account_id}:alarm:migration-severe-bugs"
      } }
    }
  }

  message_subscriptions = { on-call = { protocol = "email", endpoint = var.on_call } }
}

data "aws_caller_identity" "here" {}

data "aws_partition" "here" {}

data "aws_region" "here" {}

output "control" {
  description = "The function that `tidegate` talks to."
  value       = module.tidegate.functions["control"]
}
