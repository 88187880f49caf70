variable "runs_on" {
  description = "Where Cairn runs, which determines who can use the role: ec2, ecs, eks-pod-identity, eks-irsa, or principals (a laptop, another account, or any other identity with an ARN)."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["ec2", "ecs", "eks-pod-identity", "eks-irsa", "principals"], var.runs_on)
    error_message = "runs_on must be ec2, ecs, eks-pod-identity, eks-irsa or principals."
  }
}

variable "oidc_issuer" {
  description = "For eks-irsa: the cluster's OIDC issuer without https://, such as oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE. Its provider has to be in this account's IAM."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_issuer == null || can(regex("^[A-Za-z0-9.-]+(/[A-Za-z0-9._/-]+)?$", var.oidc_issuer))
    error_message = "oidc_issuer must be the cluster's OIDC issuer without https://, such as oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE."
  }
}

variable "service_account" {
  description = "For eks-irsa: the Kubernetes service account of Cairn's pods, as NAMESPACE:NAME."
  type        = string
  default     = "cairn:cairn"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]{1,63}:[a-z0-9.-]{1,253}$", var.service_account))
    error_message = "service_account must be the namespace and the name of a service account, such as cairn:cairn."
  }
}

variable "principal_arns" {
  description = "For principals: the ARNs of the IAM roles or users that can use the role, such as the IAM Identity Center role of the person who runs Cairn on a laptop."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.principal_arns : can(regex("^arn:aws(-us-gov|-cn)?:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$", arn))])
    error_message = "principal_arns must be ARNs of IAM roles or users, such as arn:aws:iam::123456789012:role/engineer."
  }
}

variable "customer_role_arns" {
  description = "The roles that Cairn can assume; * and ? are allowed. Leave empty for every role that trusts it: then only the customers' trust policies decide, and a new connection needs no change here."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.customer_role_arns : can(regex("^arn:aws(-us-gov|-cn)?:iam::([0-9]{12}|\\*):role/[A-Za-z0-9_+=,.@/*?-]+$", arn))])
    error_message = "customer_role_arns must be ARNs of IAM roles, such as arn:aws:iam::*:role/cairn-read-only."
  }
}

variable "name" {
  description = "Name of the role (and of the instance profile). Do not change it once customers trust the role."
  type        = string
  default     = "cairn"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.name))
    error_message = "name must have 1 to 64 letters, digits or _+=,.@-."
  }
}

variable "path" {
  description = "Path of the role. If it is not /, the role's sessions do not contain the full ARN: set CAIRN_PRINCIPAL_ARN in that case."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.path)) && length(var.path) <= 512
    error_message = "path must begin and end with a slash, contain no whitespace and have at most 512 characters."
  }
}

variable "permissions_boundary" {
  description = "ARN of a managed policy that limits the role further. It has to allow sts:AssumeRole."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role and the instance profile, in addition to the provider's default_tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
