# The role with all inputs set.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

# IAM is the same in every region of a partition.
provider "aws" {
  region = "us-east-1"
}

module "cairn_read_only" {
  source = "../.."

  external_id          = "cairn-kVxXf48F2ZByCcds9teC5nuZ"
  principal_arn        = "arn:aws:iam::123456789012:role/cairn"
  name                 = "cairn-read-only"
  path                 = "/services/"
  permissions_boundary = "arn:aws:iam::111122223333:policy/boundary"

  tags = {
    owner = "platform"
  }
}

output "cairn_role_arn" {
  description = "Paste this into Cairn."
  value       = module.cairn_read_only.role_arn
}
