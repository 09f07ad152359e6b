# The table: heads, plans, ledgers, who owns what, and which events are done.

resource "aws_dynamodb_table" "rollouts" {
  #checkov:skip=CKV_AWS_119:A key of your own is offered with kms_key_arn; without one the table is encrypted with a key that AWS manages.
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  range_key    = "sk"

  deletion_protection_enabled = var.deletion_protection
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  attribute {
    name = "active"
    type = "S"
  }

  # Sparse: only heads of active rollouts have the attribute, so a sweep reads what is active and nothing else. It carries
  # only by which alarms a rollout is guarded, which stays the same, so that a commit writes the head and not the index too.
  # Messages that are not sent yet have the attribute with a value of their own.
  global_secondary_index {
    name               = "active"
    hash_key           = "active"
    range_key          = "pk"
    projection_type    = "INCLUDE"
    non_key_attributes = ["alarms"]
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  tags = var.tags
}
