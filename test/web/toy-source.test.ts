import { MantineProvider } from '@mantine/core'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { sourceView } from '../../web/src/sources/index.ts'
import { readSwitching } from '../fixtures/toy-source/source.ts'

test('a source without its own view shows its detail and its record', () => {
  const record = { id: '1', at: '2026-03-02T12:00:00Z', by: 'ada', room: 'hall', brightness: 80 }
  const { source, detail } = readSwitching(record)
  const view = sourceView(source)
  const section = createElement(view.Event, { detail: { ...detail }, record })
  const html = renderToStaticMarkup(createElement(MantineProvider, null, section))
  for (const text of ['brightness', '80', 'room', 'hall']) expect(html).toContain(text)
})
