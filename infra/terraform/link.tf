# Decisions by link: the page that faces the internet, the topic that takes what is answered, and what acts on it.
# Without `signing_parameter` there is none of it.

resource "aws_lambda_function" "link" {
  #checkov:skip=CKV_AWS_116:A page is asked for and answered; nothing of it is asynchronous.
  #checkov:skip=CKV_AWS_117:It calls public AWS endpoints only.
  #checkov:skip=CKV_AWS_173:The environment holds names and ARNs. Secrets are SSM SecureStrings, and this function holds none at all.
  #checkov:skip=CKV_AWS_272:Signing profiles belong to the account. Zips are reproducible, so what runs can be compared with what was built.
  count = local.links ? 1 : 0

  function_name    = "${var.name}-link"
  description      = "Tidegate: link"
  role             = aws_iam_role.function["link"].arn
  filename         = local.packages.link
  source_code_hash = filebase64sha256(local.packages.link)
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = local.functions.link.memory
  timeout          = local.functions.link.timeout

  # Ten requests a second for each; the rest of the account is out of reach of whoever floods it. 0 shuts the page.
  reserved_concurrent_executions = var.link_reserved_concurrency

  environment {
    variables = {
      TIDEGATE_TABLE               = aws_dynamodb_table.rollouts.name
      TIDEGATE_AUDIENCE            = local.audience
      TIDEGATE_APPROVALS_TOPIC     = aws_sns_topic.approvals[0].arn
      TIDEGATE_VERIFYING_PARAMETER = var.verifying_parameter
      RUST_LOG                     = var.log_level
    }
  }

  tracing_config {
    mode = var.tracing
  }

  tags = var.tags

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]

  lifecycle {
    precondition {
      condition     = var.verifying_parameter != "" && var.code_parameter != ""
      error_message = "Links need verifying_parameter and code_parameter beside signing_parameter; `tidegate keys new` makes all three."
    }
  }
}

# No CORS: no other site has anything to ask of it.
resource "aws_lambda_function_url" "link" {
  #checkov:skip=CKV_AWS_258:Whoever has a link is let in by its signature; browsers cannot sign as AWS wants it.
  count = local.links ? 1 : 0

  function_name      = aws_lambda_function.link[0].function_name
  authorization_type = "NONE"
}

locals {
  # https://<host>/
  link_host = trimsuffix(trimprefix(join("", aws_lambda_function_url.link[*].function_url), "https://"), "/")
}

# A public URL needs two statements since October 2025. The first is for the URL.
resource "aws_lambda_permission" "url" {
  #checkov:skip=CKV_AWS_301:The page is for whoever has a link. The function behind it can read, and publish to one topic.
  count = local.links ? 1 : 0

  statement_id           = "url"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.link[0].function_name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# The second is for the function, through its URL and in no other way. Provider 5 cannot say "only through the URL", and without
# that anybody with an AWS account could invoke the function past it; CloudFormation can, whatever the provider.
resource "aws_cloudformation_stack" "url" {
  #checkov:skip=CKV_AWS_124:It has one statement in it and never changes by itself; there is nothing to be told of.
  count = local.links ? 1 : 0

  name = "${var.name}-link-url"
  template_body = jsonencode({
    Description = "Tidegate: the page may be invoked through its URL"
    Resources = {
      ThroughUrl = {
        Type = "AWS::Lambda::Permission"
        Properties = {
          FunctionName          = aws_lambda_function.link[0].arn
          Action                = "lambda:InvokeFunction"
          Principal             = "*"
          InvokedViaFunctionUrl = true
        }
      }
    }
  })

  tags = var.tags
}

# What is answered on the page or in Slack. A decision is worth nothing without its link's signature or Slack's, so what anybody of
# this account publishes here changes nothing by itself; others cannot even publish.
resource "aws_sns_topic" "approvals" {
  count = local.links ? 1 : 0

  name = "${var.name}-approvals"
  # Nobody but this account publishes, so the key that AWS manages for SNS will do.
  kms_master_key_id = coalesce(var.kms_key_arn, "alias/aws/sns")
  tags              = var.tags
}

resource "aws_sns_topic_policy" "approvals" {
  count = local.links ? 1 : 0

  arn = aws_sns_topic.approvals[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Whom IAM lets, which of Tidegate's own is `link` alone.
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.approvals[0].arn
      },
      {
        Sid       = "NobodyElse"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.approvals[0].arn
        Condition = { StringNotEquals = { "aws:PrincipalAccount" = local.account } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "approvals" {
  count = local.links ? 1 : 0

  topic_arn = aws_sns_topic.approvals[0].arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.function["approval"].arn

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead["approvals"].arn })
}

resource "aws_lambda_permission" "approvals" {
  count = local.links ? 1 : 0

  statement_id   = "approvals"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.function["approval"].function_name
  principal      = "sns.amazonaws.com"
  source_arn     = aws_sns_topic.approvals[0].arn
  source_account = local.account
}

# Tried three times, then kept: a person who has decided is not told it was done when it was not.
resource "aws_lambda_function_event_invoke_config" "approval" {
  count = local.links ? 1 : 0

  function_name                = aws_lambda_function.function["approval"].function_name
  maximum_event_age_in_seconds = 3600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead["approvals"].arn
    }
  }
}

resource "aws_sqs_queue_policy" "dead_approvals" {
  count = local.links ? 1 : 0

  queue_url = aws_sqs_queue.dead["approvals"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Topic"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.dead["approvals"].arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = [aws_sns_topic.approvals[0].arn] }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
    }]
  })
}
