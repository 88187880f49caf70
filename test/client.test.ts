import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { clientFile, generateClient } from '../scripts/generate-client.ts'

test("the web app's client is generated from the current OpenAPI document", async () => {
  const hint = 'Run `node scripts/generate-client.ts`'
  expect(readFileSync(clientFile, 'utf8') === (await generateClient()), hint).toBe(true)
})
