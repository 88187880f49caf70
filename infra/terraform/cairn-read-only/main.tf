locals {
  # Trusts Cairn's own role, with exactly this connection's external ID. StringEquals is required:
  # StringLike allows wildcards, and StringEqualsIgnoreCase allows other IDs.
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

  # Allows reading events and the settings of trails. It does not allow reading data in the account or
  # changing anything. None of these actions can be limited to a known resource.
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
