import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../web/src/', import.meta.url))
const literal = /(?:errorTitle: |showActionError\(|useUpdate\([\w.]+, )(['`])(.*?)\1/g

test('every error of an action states what Cairn cannot do', () => {
  const titles = globSync('**/*.{ts,tsx}', { cwd: root }).flatMap((file) =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(literal)].map(([, , title]) => title),
  )
  expect(titles.length).toBeGreaterThan(15)
  expect(titles.filter((title) => !/^Cannot [a-z$]/.test(title!))).toEqual([])
})
