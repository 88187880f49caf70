import { expect, test } from 'vitest'
import { SecretBox, SecretUnreadable } from '../../src/integrations/secret-box.ts'

const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

test('a sealed secret is opened under its key, in its context, and contains no part of the secret', () => {
  const box = new SecretBox([one])
  const sealed = box.seal('hunter2 🔑', 'integration')
  expect(box.open(sealed, 'integration')).toBe('hunter2 🔑')
  expect(sealed.includes(Buffer.from('hunter2'))).toBe(false)
  expect(box.seal('hunter2 🔑', 'integration').equals(sealed)).toBe(false)
  expect(() => box.open(sealed, 'another integration')).toThrow(SecretUnreadable)
  expect(() => new SecretBox([two]).open(sealed, 'integration')).toThrow(SecretUnreadable)
})

test('keys rotate: the first one seals, all open', () => {
  const before = new SecretBox([one])
  const during = new SecretBox([two, one])
  const old = before.seal('secret', 'a')
  expect(during.open(old, 'a')).toBe('secret')
  expect(during.isCurrent(old)).toBe(false)
  const resealed = during.seal(during.open(old, 'a'), 'a')
  expect(during.isCurrent(resealed)).toBe(true)
  expect(new SecretBox([two]).open(resealed, 'a')).toBe('secret')
  expect(() => before.open(resealed, 'a')).toThrow(SecretUnreadable)
})

test('a change of any byte is noticed', () => {
  const box = new SecretBox([one])
  const sealed = box.seal('secret', 'a')
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed)
    changed[index]! ^= 1
    expect(() => box.open(changed, 'a')).toThrow(SecretUnreadable)
  }
  expect(() => box.open(sealed.subarray(0, 20), 'a')).toThrow(SecretUnreadable)
})
