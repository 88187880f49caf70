# Creates the role in many accounts from one place.
#
# Terraform cannot create one provider per map entry, so CloudFormation deploys to the accounts: one
# stack set with Cairn's template, and one instance per account with the external ID of that account's
# connection. The permissions are self-managed, so the accounts need the two StackSets roles that AWS
# describes (Control Tower and landing zones create them).
#
# If each account has its own workspace, use ../one-workspace-per-account instead: the
# module itself, with the external ID looked up by data.aws_caller_identity.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

# The response of POST /api/v1/connections/bulk: account id to external ID. It contains no secret, and
# each account has a different external ID.
locals {
  cairn_external_ids = {
    "111122223333" = "cairn-kVxXf48F2ZByCcds9teC5nuZ"
    "444455556666" = "cairn-5hN1qTgWc0rYbUoLz7dPa2Ke"
  }
}

variable "principal_arn" {
  description = "The IAM role that Cairn runs as."
  type        = string
  default     = "arn:aws:iam::123456789012:role/cairn"
}

variable "template_file" {
  description = "Cairn's CloudFormation template, cairn-read-only.yaml, as downloaded from Cairn."
  type        = string
  default     = "cairn-read-only.yaml"
}

variable "administration_role_arn" {
  description = "The administration role of StackSets in this account."
  type        = string
  default     = "arn:aws:iam::999999999999:role/AWSCloudFormationStackSetAdministrationRole"
}

variable "execution_role_name" {
  description = "The execution role in each account, which the administration role assumes."
  type        = string
  default     = "AWSCloudFormationStackSetExecutionRole"
}

data "aws_partition" "current" {}

locals {
  role_name = "cairn-read-only"
}

resource "aws_cloudformation_stack_set" "cairn_read_only" {
  name                    = "cairn-read-only"
  description             = "The role through which Cairn reads change events."
  permission_model        = "SELF_MANAGED"
  administration_role_arn = var.administration_role_arn
  execution_role_name     = var.execution_role_name
  capabilities            = ["CAPABILITY_NAMED_IAM"]
  template_body           = file(var.template_file)

  parameters = {
    CairnPrincipalArn = var.principal_arn
    RoleName          = local.role_name
    # A stack set needs a value for each parameter. Each instance overrides this one. Cairn could not
    # assume a role that still had it, because it sends the connection's external ID.
    ExternalId = "set-for-each-account"
  }

  # Instances are created in parallel; without this, AWS rejects the second operation.
  managed_execution {
    active = true
  }
}

resource "aws_cloudformation_stack_set_instance" "cairn_read_only" {
  for_each = local.cairn_external_ids

  stack_set_name = aws_cloudformation_stack_set.cairn_read_only.name
  account_id     = each.key

  parameter_overrides = {
    ExternalId = each.value
  }
}

output "cairn_role_arns" {
  description = "Account id to the ARN of its role. Cairn has them already if roleName was set."
  value = {
    for account_id, _ in local.cairn_external_ids :
    account_id => "arn:${data.aws_partition.current.partition}:iam::${account_id}:role/${local.role_name}"
  }

  depends_on = [aws_cloudformation_stack_set_instance.cairn_read_only]
}
