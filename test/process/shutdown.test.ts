import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Shutdown } from '../../src/process/shutdown.ts'

test('parts stop one after another, in the reverse order of their start', async () => {
  const shutdown = new Shutdown(pino({ level: 'silent' }))
  const stopped: string[] = []
  for (const part of ['database', 'worker', 'server']) {
    shutdown.add(async () => {
      stopped.push(`${part} stops`)
      await Promise.resolve()
      stopped.push(`${part} stopped`)
    })
  }
  await shutdown.run()
  expect(stopped).toEqual(
    ['server', 'worker', 'database'].flatMap((part) => [`${part} stops`, `${part} stopped`]),
  )
  await shutdown.run()
  expect(stopped).toHaveLength(6)
})

test('a part that fails to stop is logged, and the others still stop', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) })
  const shutdown = new Shutdown(logger)
  const stopped: string[] = []
  shutdown.add(async () => stopped.push('database'))
  shutdown.add(() => Promise.reject(new Error('stuck')))
  await shutdown.run()
  expect(stopped).toEqual(['database'])
  expect(lines.join()).toContain('stuck')
})
