import type { Check } from '../connections/checks.ts'
import { AwsProblem, isTransient } from './errors.ts'

export function passed(id: Check['id'], saw: string, means: string): Check {
  return { id, state: 'passed', saw, means, remedy: null }
}

/** Returns an AWS error and throws any other. */
export function requireAwsProblem(error: unknown): AwsProblem {
  if (error instanceof AwsProblem) return error
  throw error
}

export function isTemporary(problem: AwsProblem): boolean {
  return isTransient(problem) || problem.kind === 'throttled'
}

export const codeAndMessage = (problem: AwsProblem) => `${problem.code}: ${problem.message}`
