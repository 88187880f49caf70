// Before anything is painted, so that a dark page does not begin with a white flash. The key is
// Mantine's.
const chosen = localStorage.getItem('mantine-color-scheme-value') ?? 'auto'
const dark =
  chosen === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark'
document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
