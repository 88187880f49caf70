import type { Logger } from 'pino'

/** The parts of a process that have started, and how each stops. */
export class Shutdown {
  readonly #logger: Logger
  readonly #stops: (() => Promise<unknown>)[] = []

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param stop stops a part that has just started */
  add(stop: () => Promise<unknown>): void {
    this.#stops.push(stop)
  }

  /**
   * Stops all parts in the reverse order of their start, so that no part loses what it depends on.
   * A part that fails to stop is logged, and the others still stop.
   */
  async run(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) {
      await stop().catch((error) =>
        this.#logger.error({ err: error }, 'A part of Cairn failed to stop'),
      )
    }
  }
}
