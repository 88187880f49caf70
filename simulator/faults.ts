/** Faults: calls that fail on demand. */

import type { FaultSpec } from './types.ts'

interface Call {
  service: string
  operation: string
  region: string
  accountId: string
}

export class Faults {
  #pending: { spec: FaultSpec; left: number; matched: number }[] = []

  add(spec: FaultSpec): void {
    this.#pending.push({ spec, left: spec.times ?? 1, matched: 0 })
  }

  clear(): void {
    this.#pending = []
  }

  /** The oldest fault that matches the call, used up by one. */
  take(call: Call): FaultSpec | undefined {
    const keys = ['service', 'operation', 'region', 'accountId'] as const
    const fault = this.#pending.find(({ spec }) =>
      keys.every((key) => spec[key] === undefined || spec[key] === call[key]),
    )
    if (fault && ++fault.matched % (fault.spec.every ?? 1) !== 0) return undefined
    if (fault && --fault.left <= 0) this.#pending = this.#pending.filter((one) => one !== fault)
    return fault?.spec
  }
}
