/** One command, or a few that belong together, to be pasted into a POSIX shell as they are. */
export interface Command {
  /** What it does, in a few words. */
  title: string
  command: string
}

/** A word that a POSIX shell takes literally. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A document as one word, in lines that can be read before they are pasted. */
export function quotedJson(document: unknown): string {
  return quoted(JSON.stringify(document, null, 2))
}

/** `aws iam create-role --role-name x` with each option on a line of its own. */
export function awsCommand(command: string, options: Record<string, string | undefined>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return [`aws ${command}`, ...given.map(([name, value]) => `  --${name} ${value}`)].join(' \\\n')
}
