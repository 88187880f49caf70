import type { FastifyReply, FastifyRequest } from 'fastify'
import { ClientDisconnected } from './errors.ts'
import { Problem } from './problems.ts'

/** Each one holds a page of changes for as long as its client takes to read it. */
const MAX_EXPORTS_PER_ORGANIZATION = 4

/**
 * Limits the exports of an organization that are open in this process. The returned function counts
 * an export until its response or its connection ends, then calls `onEnd`.
 *
 * The function throws Problem 429 if the limit is reached, and ClientDisconnected.
 */
export function createExportLimit(): (
  request: FastifyRequest,
  reply: FastifyReply,
  onEnd: () => void,
) => void {
  const counts = new Map<string, number>()
  return ({ organizationId, raw: { socket } }, { raw }, onEnd) => {
    // The events of the end may have been emitted already.
    if (raw.destroyed || socket.destroyed) throw new ClientDisconnected()
    const count = counts.get(organizationId) ?? 0
    if (count >= MAX_EXPORTS_PER_ORGANIZATION) {
      const detail = `The organization has ${count} open exports, which is the limit. Wait until one is complete, or cancel one.`
      throw new Problem(429, detail, { headers: { 'retry-after': '60' } })
    }
    counts.set(organizationId, count + 1)
    const end = () => {
      const left = counts.get(organizationId)! - 1
      if (left === 0) counts.delete(organizationId)
      else counts.set(organizationId, left)
      onEnd()
    }
    raw.once('close', end)
  }
}
