import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long one task computes before other work of the process has its turn, in milliseconds. */
const SLICE_MS = 20

/**
 * The items, one after the other. When the slice has passed, the process serves other organizations
 * before the next item.
 */
export async function* inSlices<T>(
  items: Iterable<T>,
  sliceMs: number = SLICE_MS,
): AsyncGenerator<T, void, undefined> {
  let sliceEnd = performance.now() + sliceMs
  for (const item of items) {
    yield item
    if (performance.now() < sliceEnd) continue
    await nextTurn()
    sliceEnd = performance.now() + sliceMs
  }
}
