import { MantineProvider } from '@mantine/core'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { cloudtrail } from '../../web/src/sources/cloudtrail/view.tsx'

function shown(edit: Record<string, unknown>): string {
  const detail = { source: 'aws.cloudtrail', edits: [{ field: 'memory size', ...edit }] }
  const table = createElement(cloudtrail.Top!, { detail })
  return renderToStaticMarkup(createElement(MantineProvider, null, table))
}

test('an earlier value from history is marked, and one from the record is not', () => {
  const before = { from: '128', to: '512' }
  expect(shown({ ...before, fromHistory: true })).toContain('from history')
  expect(shown(before)).not.toContain('from history')
  expect(shown(before)).toContain('128')
})
