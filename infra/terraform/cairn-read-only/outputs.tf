output "role_arn" {
  description = "The role's ARN. Paste it on the connection's page in Cairn."
  value       = aws_iam_role.this.arn

  # The ARN may be used immediately, so the role needs its permissions first.
  depends_on = [aws_iam_role_policy.this]
}

output "role_name" {
  description = "The role's name, without its path."
  value       = aws_iam_role.this.name
}
