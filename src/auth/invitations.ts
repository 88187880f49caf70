/** How long a link that makes an account works. */
export const INVITATION_HOURS = { firstOwner: 24, invited: 7 * 24 }

/** @returns when an invitation that is created now expires */
export function invitationExpiry(kind: keyof typeof INVITATION_HOURS): Date {
  return new Date(Date.now() + INVITATION_HOURS[kind] * 3_600_000)
}

/** Where the token is accepted, in the web app. */
export function invitationUrl(base: string, token: string): string {
  return `${base}/accept-invitation?token=${token}`
}
