import { AwsAccess } from '../src/aws/access.ts'

/** A call to AWS that waits for the test. */
export interface PausedCall {
  operation: 'AssumeRole' | 'GetCallerIdentity' | 'LookupEvents' | 'DescribeTrails'
  /** Releases it, and waits for the response of AWS. */
  release(): Promise<void>
}

/**
 * Cairn's calls to AWS, each of which can be made to wait before it is sent or after it is answered: tests
 * decide what happens in between.
 */
export class PausedAws extends AwsAccess {
  /** In the order in which they arrived. */
  readonly waiting: PausedCall[] = []
  isPausing = false
  /** Whether calls wait after AWS has answered, which is when what it said may have become untrue. */
  pausesAfter = false
  #listeners: (() => void)[] = []
  /** How often everything was released. */
  #releases = 0

  override assumeRole(...args: Parameters<AwsAccess['assumeRole']>) {
    return this.#pause('AssumeRole', () => super.assumeRole(...args))
  }

  override identityOf(...args: Parameters<AwsAccess['identityOf']>) {
    return this.#pause('GetCallerIdentity', () => super.identityOf(...args))
  }

  override lookupEvents(...args: Parameters<AwsAccess['lookupEvents']>) {
    return this.#pause('LookupEvents', () => super.lookupEvents(...args))
  }

  override trails(...args: Parameters<AwsAccess['trails']>) {
    return this.#pause('DescribeTrails', () => super.trails(...args))
  }

  /** Waits for a call, and takes it out of those that wait. */
  async next(operation?: PausedCall['operation']): Promise<PausedCall> {
    for (;;) {
      const index = this.waiting.findIndex((call) => !operation || call.operation === operation)
      if (index >= 0) return this.waiting.splice(index, 1)[0]!
      await this.arrival()
    }
  }

  /** Waits until a call has arrived. */
  arrival(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve))
  }

  /** From now on nothing waits, also no call that AWS is answering. */
  releaseAll(): void {
    this.isPausing = false
    this.#releases++
    for (const call of this.waiting.splice(0)) void call.release()
  }

  async #pause<T>(operation: PausedCall['operation'], send: () => Promise<T>): Promise<T> {
    if (!this.isPausing) return send()
    if (!this.pausesAfter) {
      const answered = Promise.withResolvers<void>()
      await this.#wait(operation, answered.promise)
      return send().finally(answered.resolve)
    }
    const releases = this.#releases
    const answer = await send().then(
      (value) => () => value,
      (error) => () => {
        throw error
      },
    )
    if (releases === this.#releases) await this.#wait(operation, Promise.resolve())
    return answer()
  }

  #wait(operation: PausedCall['operation'], answered: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({
        operation,
        release: () => {
          resolve()
          return answered
        },
      })
      for (const listener of this.#listeners.splice(0)) listener()
    })
  }
}
