/** As src/auth/better-auth.ts has it; the server judges. */
export const PASSWORD_LENGTH = { min: 10, max: 128 }

/** @returns what is wrong with it; null: nothing that can be told here */
export function passwordError(password: string): string | null {
  const { min, max } = PASSWORD_LENGTH
  if (password.length < min) {
    return `Too short: ${password.length} characters. Use at least ${min}.`
  }
  return password.length > max ? `Too long. Use at most ${max} characters.` : null
}

/** Mantine leaves the toggle out of the tab order and without a name. */
export const passwordToggle = { 'aria-label': 'Show password', tabIndex: 0 }
