/** The roles of members in an organization. `owner` includes all permissions of `member`. */
export const roles = ['owner', 'member'] as const
export type Role = (typeof roles)[number]
