data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  partition   = data.aws_partition.current.partition
  account_id  = data.aws_caller_identity.current.account_id
  oidc_issuer = var.oidc_issuer == null ? "" : var.oidc_issuer

  # Who can use the role, for each place where Cairn can run. These are parts of statements, as JSON,
  # because Terraform requires the same type on both sides of a condition.
  trust_statements = {
    ec2 = jsonencode({
      Sid       = "CairnOnEc2"
      Effect    = "Allow"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
      Action    = "sts:AssumeRole"
    })

    # The condition keeps ECS from using the role on behalf of another account (confused deputy).
    ecs = jsonencode({
      Sid       = "CairnOnEcs"
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    })

    # EKS requests TagSession even if the association's session tags are disabled.
    eks-pod-identity = jsonencode({
      Sid       = "CairnOnEksByPodIdentity"
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
    })

    eks-irsa = jsonencode({
      Sid       = "CairnOnEksByServiceAccount"
      Effect    = "Allow"
      Principal = { Federated = "arn:${local.partition}:iam::${local.account_id}:oidc-provider/${local.oidc_issuer}" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.oidc_issuer}:sub" = "system:serviceaccount:${var.service_account}"
          "${local.oidc_issuer}:aud" = "sts.amazonaws.com"
        }
      }
    })

    principals = jsonencode({
      Sid       = "CairnAsOthers"
      Effect    = "Allow"
      Principal = { AWS = var.principal_arns }
      Action    = "sts:AssumeRole"
    })
  }

  trust_policy = {
    Version   = "2012-10-17"
    Statement = [jsondecode(local.trust_statements[var.runs_on])]
  }

  # No condition on sts:ExternalId. To verify that a customer's role refuses a call without the right
  # external ID, Cairn makes such a call. With a condition here, this policy would refuse it, which
  # would prove nothing about the customer's role.
  permission_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "AssumeCustomersRoles"
        Effect   = "Allow"
        Action   = "sts:AssumeRole"
        Resource = length(var.customer_role_arns) > 0 ? var.customer_role_arns : ["arn:${local.partition}:iam::*:role/*"]
      },
    ]
  }
}

# Customers' roles trust this one by its unique id, which AWS stores when they name its ARN. A role
# that is deleted and created again has another id. That breaks every customer's trust, and each of
# them has to save the trust policy again.
resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = var.path
  description          = "The role that Cairn runs as. It can assume the roles that customers create for it, and nothing else."
  assume_role_policy   = jsonencode(local.trust_policy)
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = var.runs_on != "eks-irsa" || var.oidc_issuer != null
      error_message = "runs_on is eks-irsa, which requires oidc_issuer."
    }

    precondition {
      condition     = var.runs_on != "principals" || length(var.principal_arns) > 0
      error_message = "runs_on is principals, which requires principal_arns."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "assume-customers-roles"
  role   = aws_iam_role.this.name
  policy = jsonencode(local.permission_policy)
}

resource "aws_iam_instance_profile" "this" {
  count = var.runs_on == "ec2" ? 1 : 0

  name = var.name
  path = var.path
  role = aws_iam_role.this.name
  tags = var.tags
}
