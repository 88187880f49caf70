/** Same as in src/auth/better-auth.ts. The server enforces it. */
export const PASSWORD_LENGTH = { min: 10, max: 128 }

/** @returns the error; null if there is none that the browser can detect */
export function passwordError(password: string): string | null {
  const { min, max } = PASSWORD_LENGTH
  if (password.length < min) {
    return `Too short: ${password.length} characters. Use at least ${min}.`
  }
  return password.length > max ? `Too long. Use at most ${max} characters.` : null
}

/** Mantine excludes the toggle from the tab order and does not label it. */
export const passwordToggle = { 'aria-label': 'Show password', tabIndex: 0 }
