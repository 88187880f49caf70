/** What a member may do in an organization; `owner` includes all that `member` may. */
export const roles = ['owner', 'member'] as const
export type Role = (typeof roles)[number]
