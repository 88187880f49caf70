output "role_arn" {
  description = "The role's ARN. Give it to Cairn, on the connection's page."
  value       = aws_iam_role.this.arn

  # Whoever gets the ARN may use the role at once: it has to have its permissions by then.
  depends_on = [aws_iam_role_policy.this]
}

output "role_name" {
  description = "The role's name, without its path."
  value       = aws_iam_role.this.name
}
