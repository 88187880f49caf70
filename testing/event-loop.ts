import { onTestFinished } from 'vitest'

/** Counts the turns of the event loop until the test ends. Returns a function that reads the count. */
export function countTurns(): () => number {
  let turn = 0
  let next: NodeJS.Immediate
  const count = () => {
    turn++
    next = setImmediate(count)
  }
  next = setImmediate(count)
  onTestFinished(() => clearImmediate(next))
  return () => turn
}
