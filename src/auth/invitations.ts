/** How long a link that creates an account is valid. */
export const INVITATION_HOURS = { firstOwner: 24, invited: 7 * 24 }

/** @returns when an invitation that is created now expires */
export function invitationExpiry(kind: keyof typeof INVITATION_HOURS): Date {
  return new Date(Date.now() + INVITATION_HOURS[kind] * 3_600_000)
}

/** The page of the web app that accepts the token. */
export function invitationUrl(base: string, token: string): string {
  return `${base}/accept-invitation?token=${token}`
}
