terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 5.100 is what is tested. Nothing here is deprecated in 5.100, and what 6.0 changed is not used.
      version = ">= 5.100, < 7.0"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  # `id` is the name of the region in provider 5 and in 6; `name` is deprecated in 6, `region` missing in 5.
  region = data.aws_region.current.id

  # arn:<partition>:<service>:<here>:<resource>
  here = "${local.region}:${local.account}"
}
