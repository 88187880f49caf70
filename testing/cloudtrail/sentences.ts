import { expect, it } from 'vitest'
import { read } from './read.ts'
import { ACCOUNT } from './records.ts'

/** What a call must become. */
export type Sentence = [
  sentence: string,
  /** The IDs of its resources, the most significant first. */
  resources: string[],
  isPublic: boolean,
  record: Record<string, unknown>,
]

export function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:eu-west-1:${ACCOUNT}:${resource}`
}

/** A resource policy that allows everyone. */
export const PUBLIC_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'x:Get', Resource: '*' }],
})

/** Declares one test for each sentence. */
export function testSentences(sentences: readonly Sentence[]): void {
  it.each(sentences)('%s', (sentence, resources, isPublic, record) => {
    const change = read(record)
    expect(change.summary).toBe(sentence)
    expect(change.resources.map(({ id }) => id)).toEqual(resources)
    expect(change.publicAccess !== undefined).toBe(isPublic)
    expect(change.risks.includes('public_access')).toBe(isPublic)
  })
}
