/** One command, or several that belong together, to paste into a POSIX shell. */
export interface ShellCommand {
  /** What it does, in a few words. */
  title: string
  command: string
}

/** Quotes a word so that a POSIX shell takes it literally. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** Quotes a document as one word, in readable lines. */
export function quotedJson(document: unknown): string {
  return quoted(JSON.stringify(document, null, 2))
}

/** `aws iam create-role --role-name x`, with each option on its own line. */
export function awsCommand(command: string, options: Record<string, string | undefined>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return [`aws ${command}`, ...given.map(([name, value]) => `  --${name} ${value}`)].join(' \\\n')
}
