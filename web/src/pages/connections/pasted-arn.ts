/**
 * The ARN out of what was pasted with it: the quotes, and a key and a comma beside them, as
 * Terraform and AWS's CLI print it. No ARN of a role begins or ends with a quote. Whatever else is
 * there stays, to be told of: a comma without quotes could belong to the name.
 */
export function pastedArn(pasted: string): string {
  const quoted = [...pasted.matchAll(/(["'`])\s*(arn:[^\s"'`]+)\s*\1/g)].map(([, , arn]) => arn!)
  return new Set(quoted).size === 1 ? quoted[0]! : pasted.trim()
}
