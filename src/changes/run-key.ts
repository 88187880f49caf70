import { digest } from './digest.ts'

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i
/** The run IDs of GitHub, GitLab and others count up over all customers. */
const NUMBER = /(?<![\d.])\d{8,}(?![\d.])/g

/**
 * The session key of a run of a CI system, the same for each source that names the run. So what a
 * run changed is one change set with the run itself, whichever arrives first.
 *
 * @param run as a source names it: `13577902461`, `github/acme/shop/13577902461`, a UUID
 */
export function runSessionKey(run: string): string {
  return digest(['run', runId(run)])
}

/** The stream of all changes of a run. */
export const RUN_STREAM = digest(['run'])

function runId(run: string): string {
  const uuid = UUID.exec(run)?.[0]
  if (uuid !== undefined) return uuid.toLowerCase()
  const numbers = new Set(run.match(NUMBER))
  return numbers.size === 1 ? [...numbers][0]! : run
}
