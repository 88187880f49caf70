import { expect, test } from 'vitest'
import { createLogger } from '../src/log.ts'

test.each(['err', 'error'])(
  'an error that is logged as %s has its message and its stack',
  (name) => {
    const lines: string[] = []
    const destination = { write: (line: string) => lines.push(line) }
    const logger = createLogger({ level: 'info', pretty: false, destination })
    logger.error({ [name]: new TypeError('of undefined') }, 'An activity failed')
    expect(JSON.parse(lines[0]!)).toMatchObject({
      msg: 'An activity failed',
      [name]: {
        type: 'TypeError',
        message: 'of undefined',
        stack: expect.stringContaining('log.test'),
      },
    })
  },
)
