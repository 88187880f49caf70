import { expect, test } from 'vitest'
import { partitionOf, partitions } from '../../src/aws/regions.ts'

// The SDK does not export its list, so the file that holds it is read.
const file = new URL(
  '../../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js',
  import.meta.url,
)
const { partitionsInfo } = (await import(file.href)) as {
  partitionsInfo: { partitions: { id: string; regions: Record<string, unknown> }[] }
}

test.each(partitions)("the regions of $id match the SDK's list", ({ id, regions }) => {
  const known = partitionsInfo.partitions.find((partition) => partition.id === id)
  const places = Object.keys(known?.regions ?? {}).filter((region) => !region.endsWith('-global'))
  expect([...regions].sort()).toEqual(places.sort())
})

test.each(partitions)(
  'the global region of $id is in its partition',
  ({ globalRegion, regions }) => {
    expect(regions).toContain(globalRegion)
  },
)

test('an unknown partition is an error', () => {
  expect(() => partitionOf('aws-nowhere')).toThrow(RangeError)
})
