import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { clientFile, generateClient } from '../scripts/generate-client.ts'

test("the web app's client is generated from the current OpenAPI document", async () => {
  const kept = readFileSync(clientFile, 'utf8').split('\n')
  const generated = (await generateClient()).split('\n')
  const differing = generated.findIndex((line, index) => line !== kept[index])
  const hint = `Run \`node scripts/generate-client.ts\`: line ${differing + 1} differs`
  expect(kept[differing], hint).toBe(generated[differing])
  expect(kept.length, hint).toBe(generated.length)
})

// A schema that a route makes for itself would be registered again, and named differently.
test('the OpenAPI document is the same for each app of a process', async () => {
  expect(await generateClient()).toBe(await generateClient())
})
