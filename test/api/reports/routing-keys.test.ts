import { expect, test } from 'vitest'
import { findRoutingKeys } from '../../../src/api/reports/routing-keys.ts'

test.each<[string, string, string[]]>([
  ['one', '{"routing_key": "a key", "payload": {}}', ['a key']],
  ['one after other fields', '{"payload":{"summary":"a"},"routing_key" :\n"key"}', ['key']],
  ['one with escaped characters', String.raw`{"routing_key":"a\/b\u0063\"d"}`, ['a/bc"d']],
  [
    'several on any level, each once',
    '{"payload":{"custom_details":{"routing_key":"a"}},"routing_key":"b","c":{"routing_key":"a"}}',
    ['a', 'b'],
  ],
  [
    'no more than three',
    `[${'abcdef'.replaceAll(/./g, '{"routing_key":"$&"},')}]`,
    ['a', 'b', 'c'],
  ],
  ['none in a string', String.raw`{"a":"\"routing_key\":\"key\""}`, []],
  ['none that is too long', `{"routing_key":"${'x'.repeat(501)}"}`, []],
  ['none that is not a string', '{"routing_key":1,"a":{"routing_key":null}}', []],
  ['none that is not valid JSON', String.raw`{"routing_key":"\x"}`, []],
  ['none in text that is not JSON', '"routing_key', []],
])('the routing keys of an event: %s', (_name, text, keys) => {
  expect(findRoutingKeys(text)).toEqual(keys)
})
