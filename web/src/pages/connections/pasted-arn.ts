/**
 * Extracts the ARN from pasted text with quotes, a key or a comma, as Terraform and the AWS CLI
 * print it. A role ARN never starts or ends with a quote. Other characters stay and are reported,
 * because a comma without quotes can belong to the name.
 */
export function pastedArn(pasted: string): string {
  const quoted = [...pasted.matchAll(/(["'`])\s*(arn:[^\s"'`]+)\s*\1/g)].map(([, , arn]) => arn!)
  return new Set(quoted).size === 1 ? quoted[0]! : pasted.trim()
}
