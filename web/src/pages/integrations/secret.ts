/** Secrets that were created on this page and are still shown. In memory only. */
const shown = new Map<string, string>()

export function rememberSecret(integrationId: string, secret: string): void {
  shown.set(integrationId, secret)
}

export function secretOf(integrationId: string): string | undefined {
  return shown.get(integrationId)
}

export function forgetSecret(integrationId: string): void {
  shown.delete(integrationId)
}
