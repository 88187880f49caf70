output "principal_arn" {
  description = "The value for CAIRN_PRINCIPAL_ARN: the role that customers' roles trust."
  value       = aws_iam_role.this.arn
}

output "instance_profile_name" {
  description = "The instance profile for the EC2 instance; null unless runs_on is ec2."
  value       = one(aws_iam_instance_profile.this[*].name)
}
