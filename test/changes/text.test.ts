import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { indexable, listed, past, spoken, withArticle, words } from '../../src/changes/text.ts'

describe('indexable text', () => {
  it('fits into 512 bytes, without NUL and unpaired surrogates', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 2_000 }),
        fc.integer({ min: 1, max: 600 }),
        (text, bytes) => {
          const cut = indexable(text, bytes)
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(bytes)
          expect(cut.isWellFormed()).toBe(true)
          expect(cut).not.toContain('\0')
        },
      ),
    )
  })

  it('keeps as much as fits', () => {
    expect(indexable('ä'.repeat(300))).toBe('ä'.repeat(256))
    expect(indexable('😀'.repeat(300))).toBe('😀'.repeat(128))
    expect(indexable('x'.repeat(512))).toBe('x'.repeat(512))
    expect(indexable('x'.repeat(513))).toBe('x'.repeat(512))
    expect(indexable('a\0b\ud800\x1f')).toBe('a\ufffdb\ufffd\ufffd')
  })
})

describe('readable text', () => {
  it('has one line and no invisible characters', () => {
    expect(spoken('  a\r\n\tb\u202e c\u200b  ')).toBe('a b c')
    expect(spoken('x'.repeat(200), 10)).toBe('xxxxxxxxx…')
    expect(spoken('😀'.repeat(20), 6)).toBe('😀😀…')
  })
})

describe('grammar', () => {
  it.each([
    ['CreateTrustAnchor', 'create trust anchor'],
    ['DBInstanceClass', 'DB instance class'],
    ['dBInstanceIdentifier', 'DB instance identifier'],
    ['aRN', 'ARN'],
    ['vpcId', 'VPC id'],
    ['IPv6CidrBlock', 'IPv6 CIDR block'],
    ['max_connections', 'max connections'],
    ['HTTPCode_Target_5XX_Count', 'HTTP code target 5xx count'],
  ])('splits %s', (name, said) => {
    expect(words(name)).toBe(said)
  })

  it.each([
    ['stop the trail', 'stopped the trail'],
    ['copy a snapshot', 'copied a snapshot'],
    ['set the policy', 'set the policy'],
    ['run a command', 'ran a command'],
    ['deploy code', 'deployed code'],
    ['cancel', 'cancelled'],
    ['update it', 'updated it'],
  ])('puts %s into the past tense', (phrase, said) => {
    expect(past(phrase)).toBe(said)
  })

  it('formats lists and articles', () => {
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c', 'd'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and 2 more',
    ])
    expect(['instance', 'user', 'm5.large instance', 'IAM role', 'unit'].map(withArticle)).toEqual([
      'an instance',
      'a user',
      'a m5.large instance',
      'an IAM role',
      'a unit',
    ])
  })
})
