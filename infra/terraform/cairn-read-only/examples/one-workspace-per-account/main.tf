# Applies the same configuration once in each account. Each workspace looks up the
# external ID of the account that its credentials belong to.

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

# The response of POST /api/v1/connections/bulk: account id to external ID. It contains no secret.
locals {
  cairn_external_ids = {
    "111122223333" = "cairn-kVxXf48F2ZByCcds9teC5nuZ"
    "444455556666" = "cairn-5hN1qTgWc0rYbUoLz7dPa2Ke"
  }
}

data "aws_caller_identity" "current" {}

module "cairn_read_only" {
  source = "../.."

  # An account that is not in the map has no connection yet, which is an error.
  external_id   = local.cairn_external_ids[data.aws_caller_identity.current.account_id]
  principal_arn = "arn:aws:iam::123456789012:role/cairn"
}

output "cairn_role_arn" {
  description = "Paste this into Cairn."
  value       = module.cairn_read_only.role_arn
}
