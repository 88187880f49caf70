locals {
  # Cairn's own role, with this connection's external ID to the letter. StringEquals on purpose:
  # StringLike takes wildcards, StringEqualsIgnoreCase takes other IDs.
  trust_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "CairnWithItsExternalId"
        Effect    = "Allow"
        Principal = { AWS = var.principal_arn }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
      },
    ]
  }

  # Reads events and the settings of trails. Nothing here reads what is stored in the account, and
  # nothing changes anything. None of these actions can be limited to a resource that is known.
  permission_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadEvents"
        Effect = "Allow"
        Action = [
          "cloudtrail:LookupEvents",
          "cloudtrail:DescribeTrails",
          "cloudtrail:GetTrailStatus",
          "cloudtrail:GetEventSelectors",
          "cloudtrail:ListTags",
          "cloudtrail:ListPublicKeys",
          "sts:GetCallerIdentity",
        ]
        Resource = "*"
      },
    ]
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = var.path
  description          = "Lets Cairn read the change events of this account from CloudTrail."
  assume_role_policy   = jsonencode(local.trust_policy)
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "cairn-read-only"
  role   = aws_iam_role.this.name
  policy = jsonencode(local.permission_policy)
}
