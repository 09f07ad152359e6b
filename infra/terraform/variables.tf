variable "name" {
  description = "What every resource's name begins with; two stacks in one account and region need two names."
  type        = string
  default     = "tidegate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "Two to 32 small letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "zips" {
  description = "The folder with <function>.zip for each function, as `make package` leaves it in target/package/<arch>."
  type        = string
  default     = null
}

variable "packages" {
  description = "The zip of a function, by function (control, advance, alarm, notify, link, approval, archive), where it is not in `zips`."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.packages), ["control", "advance", "alarm", "notify", "link", "approval", "archive"])) == 0
    error_message = "The functions are control, advance, alarm, notify, link, approval and archive."
  }
}

variable "architecture" {
  description = "What the zips were built for: arm64 (cheaper) or x86_64. The wrong one fails at the first event, so it belongs to `zips`."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Lambda has arm64 and x86_64."
  }
}

variable "services" {
  description = <<-EOT
    What is moved, by the plan's `service`. The roles of the functions name what stands here and nothing else.

    * `albs`: the plan's `alb` routes, by name. `listener` is the ARN of the listener. `rule` is the ARN of the base rule, and
      `default_action = true` stands for the listener's own: give them if Tidegate may write them, which it does `in_place` and
      at the end of a rollout with an owned rule, unless the plan says `finish: manual`. `stable` and `canary` are the ARNs of the target groups.
      `guard` makes alarms with the thresholds of the plan's `rollback` line (null: none), `health_check` a Route 53 health check (README).
    * `records`: the plan's `route53` routes, by name: zone id, name without a dot at its end, types.
    * `aliases`: the plan's `lambda` routes, by name: ARN of the function without a qualifier, alias.
    * `hooks`: ARNs of functions, names of automation documents, and ARNs of the roles that those documents assume.
    * `alarms`: the team's own alarms of the plan, by a name of your choice. Severities are what the plan says of them.
    * `topics`: ARNs of the SNS topics that the plan's messages go to.
  EOT
  type = map(object({
    albs = optional(map(object({
      listener       = string
      rule           = optional(string)
      default_action = optional(bool, false)
      stable         = string
      canary         = string
      guard = optional(object({
        error_percent = optional(number, 1)
        p95_seconds   = optional(number, 1)
        min_requests  = optional(number, 50)
        severity      = optional(string, "critical")
      }), {})
      health_check = optional(object({
        max_5xx_per_minute = number
        minutes            = optional(number, 2)
      }))
    })), {})
    records = optional(map(object({
      zone  = string
      name  = string
      types = optional(list(string), ["A"])
    })), {})
    aliases = optional(map(object({
      function = string
      alias    = string
    })), {})
    hooks = optional(object({
      functions = optional(list(string), [])
      documents = optional(list(string), [])
      roles     = optional(list(string), [])
    }), {})
    alarms = optional(map(object({
      arn      = string
      severity = optional(string, "critical")
    })), {})
    topics = optional(list(string), [])
  }))

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "A service's name has small letters, digits and hyphens, as in the plan."
  }

  validation {
    condition = alltrue(flatten([for service in values(var.services) : [
      for alb in values(service.albs) : [
        can(regex("^arn:[^:]+:elasticloadbalancing:[^:]+:[^:]+:listener/app/[^/]+/[^/]+/[^/]+$", alb.listener)),
        can(regex(":targetgroup/[^/]+/[^/]+$", alb.stable)),
        can(regex(":targetgroup/[^/]+/[^/]+$", alb.canary)),
        alb.stable != alb.canary,
        alb.rule == null || startswith(coalesce(alb.rule, "-"), "${replace(alb.listener, ":listener/", ":listener-rule/")}/"),
      ]
    ]]))
    error_message = "An ALB route has the ARN of an application load balancer's listener, perhaps of one of its rules, and of two target groups."
  }

  validation {
    condition = alltrue(flatten([for service in values(var.services) : [
      for record in values(service.records) : [
        can(regex("^Z[A-Z0-9]+$", record.zone)),
        record.name == lower(record.name) && !endswith(record.name, "."),
        length(record.types) > 0 && length(setsubtract(record.types, ["A", "AAAA", "CNAME", "HTTPS"])) == 0,
      ]
    ]]))
    error_message = "A record has a zone id, a name in small letters without a dot at its end, and types of A, AAAA, CNAME, HTTPS."
  }

  validation {
    condition = alltrue(flatten([for service in values(var.services) : concat(
      [for alarm in values(service.alarms) : contains(["critical", "high", "medium", "low"], alarm.severity)],
      [for alb in values(service.albs) : contains(["critical", "high", "medium", "low"], try(alb.guard.severity, "low"))],
    )]))
    error_message = "Severities are critical, high, medium and low."
  }
}

variable "slack_parameter" {
  description = "Name of the SSM SecureString with the URL of Slack's incoming webhook, or with a bot token (xoxb-…); empty for none. Terraform never reads it."
  type        = string
  default     = ""
}

variable "slack_channel" {
  description = "The Slack channel, by name or id, of plans that name none; only a bot token needs it, because a webhook has its own."
  type        = string
  default     = ""
}

variable "slack_signing_parameter" {
  description = "Name of the SSM SecureString with the signing secret of your Slack app, for buttons in Slack; empty for none. Terraform never reads it."
  type        = string
  default     = ""
}

variable "slack_team" {
  description = "Id of the Slack workspace whose people are heard when they press a button, such as T1DC2JH3J; empty for every workspace that your app is installed in, and for an Enterprise Grid, whose people are in several at once."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(T[A-Z0-9]+)?$", var.slack_team))
    error_message = "A workspace's id begins with T and has capital letters and digits."
  }
}

variable "pagerduty_parameter" {
  description = "Name of the SSM SecureString with PagerDuty's routing keys, JSON by service; empty for none. Terraform never reads it."
  type        = string
  default     = ""
}

variable "webhook_parameter" {
  description = "Name of the SSM SecureString with the keys that web hooks of messages are signed with, {\"keys\": [current, previous]}; empty for none. Terraform never reads it."
  type        = string
  default     = ""
}

variable "signing_parameter" {
  description = "Name of the SSM SecureString with the private key that signs decision links, as `tidegate keys new` makes it; empty for no links, no page and no URL. Terraform never reads it."
  type        = string
  default     = ""
}

variable "verifying_parameter" {
  description = "Name of the SSM SecureString with the public keys that links are verified with; needed with signing_parameter."
  type        = string
  default     = ""
}

variable "code_parameter" {
  description = "Name of the SSM SecureString with the key that links' codes are made from; needed with signing_parameter. Terraform never reads it."
  type        = string
  default     = ""
}

variable "link_reserved_concurrency" {
  description = "Executions that the public page may have at once, ten requests a second each; 0 shuts the page, -1 sets no limit."
  type        = number
  default     = 5

  validation {
    condition     = var.link_reserved_concurrency >= -1
    error_message = "0 shuts the page, -1 sets no limit, and a number is one."
  }
}

variable "sms" {
  description = "Whether notify may send text messages. To IAM that is any telephone number; the plan names them."
  type        = bool
  default     = false
}

variable "report_bucket" {
  description = "Name of an S3 bucket of yours that plans keep the reports of ended rollouts in (`reports:`); empty for none."
  type        = string
  default     = ""
}

variable "archive_bucket" {
  description = "Name of an S3 bucket of yours that the ledgers' heads and the ledgers of ended rollouts are put into every day; empty for none."
  type        = string
  default     = ""
}

variable "archive_prefix" {
  description = "What the names of those objects begin with, with a slash at its end; empty for nothing."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([A-Za-z0-9._-]+/)*$", var.archive_prefix))
    error_message = "Letters, digits, dots, hyphens and underscores, each folder with a slash behind it: audit/tidegate/"
  }
}

variable "archive_lock_days" {
  description = "For how many days nobody, not even root, can delete or change an archived object (Object Lock, compliance mode; the bucket must have it on); 0 for no lock."
  type        = number
  default     = 0

  validation {
    condition     = var.archive_lock_days >= 0 && floor(var.archive_lock_days) == var.archive_lock_days
    error_message = "A whole number of days, or 0 for no lock."
  }
}

variable "hooks_parameter" {
  description = "Name of the SSM SecureString with the secret that web hooks are signed with; empty for none, and then none is called. Terraform never reads it."
  type        = string
  default     = ""
}

variable "message_subscriptions" {
  description = "Who gets messages and the alarms of Tidegate itself, by a name of your choice: protocol and endpoint of an SNS subscription."
  type = map(object({
    protocol = string
    endpoint = string
  }))
  default = {}
}

variable "log_retention_days" {
  description = "How long the functions' logs are kept. The ledger is in the table and is not a log."
  type        = number
  default     = 90
}

variable "log_level" {
  description = "RUST_LOG of the functions."
  type        = string
  default     = "info"
}

variable "alarm_reserved_concurrency" {
  description = "Executions that `alarm` has for itself, so that a busy account cannot delay a rollback; -1 for none, where the account has no hundred left over."
  type        = number
  default     = 10

  validation {
    condition     = var.alarm_reserved_concurrency == -1 || var.alarm_reserved_concurrency >= 3
    error_message = "At least 3, because the queue takes two and a direct action needs one; or -1."
  }
}

variable "tracing" {
  description = "X-Ray: PassThrough follows a caller's decision and costs nothing at a start; Active samples by itself."
  type        = string
  default     = "PassThrough"

  validation {
    condition     = contains(["PassThrough", "Active"], var.tracing)
    error_message = "Lambda has PassThrough and Active."
  }
}

variable "deletion_protection" {
  description = "Whether the table, which holds the ledger, refuses to be deleted."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Your own key for table, queues, topics and logs (README says what its policy must allow); null for keys that AWS manages."
  type        = string
  default     = null
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role made here; null for none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that has tags."
  type        = map(string)
  default     = {}
}
