import { expect, test } from 'vitest'
import { SecretBox, SecretUnreadable } from '../../src/integrations/secret-box.ts'

const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

test('a secret is decrypted only under its key and in its context, and its ciphertext contains no part of it', () => {
  const box = new SecretBox([one])
  const encrypted = box.encrypt('hunter2 🔑', 'integration')
  expect(box.decrypt(encrypted, 'integration')).toBe('hunter2 🔑')
  expect(encrypted.includes(Buffer.from('hunter2'))).toBe(false)
  expect(box.encrypt('hunter2 🔑', 'integration').equals(encrypted)).toBe(false)
  expect(() => box.decrypt(encrypted, 'another integration')).toThrow(SecretUnreadable)
  expect(() => new SecretBox([two]).decrypt(encrypted, 'integration')).toThrow(SecretUnreadable)
})

test('the first key encrypts, and all keys decrypt', () => {
  const before = new SecretBox([one])
  const during = new SecretBox([two, one])
  const old = before.encrypt('secret', 'a')
  expect(during.decrypt(old, 'a')).toBe('secret')
  expect(during.isCurrent(old)).toBe(false)
  const reencrypted = during.encrypt(during.decrypt(old, 'a'), 'a')
  expect(during.isCurrent(reencrypted)).toBe(true)
  expect(new SecretBox([two]).decrypt(reencrypted, 'a')).toBe('secret')
  expect(() => before.decrypt(reencrypted, 'a')).toThrow(SecretUnreadable)
})

test('a change of any byte is detected', () => {
  const box = new SecretBox([one])
  const encrypted = box.encrypt('secret', 'a')
  for (let index = 0; index < encrypted.length; index++) {
    const changed = Buffer.from(encrypted)
    changed[index]! ^= 1
    expect(() => box.decrypt(changed, 'a')).toThrow(SecretUnreadable)
  }
  expect(() => box.decrypt(encrypted.subarray(0, 20), 'a')).toThrow(SecretUnreadable)
})
