export const tabs = [
  'environments',
  'environment-rules',
  'noise-rules',
  'service-mappings',
  'api-keys',
  'members',
  'profile',
] as const

type SettingsTab = (typeof tabs)[number]

/** The tab in the URL. Absent for the first tab. */
export function validateSettingsSearch(search: Record<string, unknown>): { tab?: SettingsTab } {
  const tab = tabs.find((each) => each === search.tab)
  return tab && tab !== tabs[0] ? { tab } : {}
}
