import { expect, test } from 'vitest'
import { z } from 'zod'
import { useValidationMessages } from '../../src/api/validation-messages.ts'

test.each([
  [z.object({ name: z.string() }), {}, 'Required'],
  [z.string(), 1, 'Must be a string'],
  [z.int(), 1.5, 'Must be a whole number'],
  [z.coerce.number().int(), 'ten', 'Must be a number'],
  [z.boolean(), 'x', 'Must be true or false'],
  [z.array(z.string()), {}, 'Must be a list'],
  [z.strictObject({}), [], 'Must be an object'],
  [z.record(z.string(), z.string()), 1, 'Must be an object'],
  [z.int().min(1), 0, 'Must be at least 1'],
  [z.int().max(90), 91, 'Must be at most 90'],
  [z.number().positive(), 0, 'Must be more than 0'],
  [z.string().min(1), '', 'Must not be empty'],
  [z.string().min(10), 'x', 'Must have at least 10 characters'],
  [z.string().max(3), 'long', 'Must have at most 3 characters'],
  [z.array(z.int()).max(1), [1, 2], 'Must have at most 1 items'],
  [z.enum(['changes', 'all']), 'some', 'Must be one of changes, all'],
  [z.literal('a'), 'b', 'Must be a'],
  [z.uuid(), 'x', 'Must be a UUID'],
  [z.url(), 'x', 'Must be a URL'],
  [z.email(), 'x', 'Must be an email address'],
  [z.iso.datetime(), 'x', 'Must be a time in RFC 3339, such as 2026-03-01T12:00:00Z'],
  [z.string().regex(/^\d+$/), 'x', 'Has the wrong format'],
  [z.union([z.string(), z.array(z.string())]), 1, 'Has the wrong type or format'],
  [
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') })]),
    { kind: 'b' },
    'Has the wrong type or format',
  ],
  [z.string().min(3, 'In words of its own.'), 'x', 'In words of its own.'],
  [z.string().refine(() => false), 'x', 'Not valid'],
])('%#: %j', (schema, value, message) => {
  useValidationMessages()
  const { error } = schema.safeParse(value)
  expect(error?.issues.map((issue) => issue.message)).toEqual([message])
})
