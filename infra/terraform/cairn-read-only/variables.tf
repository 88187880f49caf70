variable "external_id" {
  description = "The connection's external ID, exactly as Cairn shows it. It is unique to this account, and not a secret."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]{2,}$", var.external_id)) && length(var.external_id) <= 1224
    error_message = "external_id must be the external ID that Cairn shows for this connection: 2 to 1224 letters, digits or _+=,.@:/-."
  }
}

variable "principal_arn" {
  description = "The IAM role (or user) that Cairn runs as, with its path. Only it can assume the new role. In the copy of this module that Cairn serves, it is the default."
  type        = string

  # Cairn inserts its own ARN here in the copy that it serves.
  default = null

  validation {
    condition     = var.principal_arn != null
    error_message = "principal_arn is missing. Set it to the ARN that Cairn shows on the connection's page, or use the copy of this module that Cairn serves, which contains it."
  }

  validation {
    condition     = var.principal_arn == null || can(regex("^arn:aws(-us-gov|-cn)?:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$", var.principal_arn))
    error_message = "principal_arn must be the ARN of an IAM role or user as Cairn shows it, such as arn:aws:iam::123456789012:role/cairn."
  }
}

variable "name" {
  description = "Name of the role. Any name works, because you paste the ARN into Cairn."
  type        = string
  default     = "cairn-read-only"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.name))
    error_message = "name must have 1 to 64 letters, digits or _+=,.@-."
  }
}

variable "path" {
  description = "Path of the role: a slash, or a path between slashes, such as /services/."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.path)) && length(var.path) <= 512
    error_message = "path must begin and end with a slash, contain no whitespace and have at most 512 characters."
  }
}

variable "permissions_boundary" {
  description = "ARN of a managed policy that limits the role further. It has to allow the actions of the role's policy."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role, in addition to the provider's default_tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
