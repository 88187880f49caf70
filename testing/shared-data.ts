import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeEach } from 'vitest'

/** Real records, beside the project and not part of it. */
const SHARED_DATA = new URL('../../shared/data/', import.meta.url)

/** @param name of a file or folder in shared/data, which can be absent: `records/` */
export const sharedData = (name: string): string => fileURLToPath(new URL(name, SHARED_DATA))

/** Skips the tests of this file or block, with the reason, on a machine without these records. */
export function requireSharedData(name: string): void {
  beforeEach(({ skip }) => {
    skip(!existsSync(sharedData(name)), `shared/data/${name} is not on this machine`)
  })
}
