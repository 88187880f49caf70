import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compressPng } from '../../scripts/screenshots/compress-png.ts'

function chunk(type: string, data: Buffer): Buffer {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  const named = Buffer.concat([Buffer.from(type), data])
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

/** A PNG of two by two pixels. */
function png(color: number, rows: number[]): Buffer {
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', Buffer.from([0, 0, 0, 2, 0, 0, 0, 2, 8, color, 0, 0, 0])),
    chunk('IDAT', deflateSync(Buffer.from(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const part = (png: Buffer, type: string) => {
  const at = png.indexOf(type)
  return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))
}

test('a picture keeps its pixels with any row filter', () => {
  // White and red; then the same, as differences: to the left (1), and by Paeth (4).
  const white = [255, 255, 255]
  const left = png(2, [1, ...white, 0, 1, 1, 4, 0, 0, 0, 0, 0, 0])
  const small = compressPng(left)
  expect([...part(small, 'IHDR')].slice(8, 10)).toEqual([8, 3])
  const palette = [...part(small, 'PLTE')]
  expect(palette).toEqual([...white, 255, 0, 0])
  expect([...inflateSync(part(small, 'IDAT'))]).toEqual([0, 0, 1, 0, 0, 1])
})

test('an unsupported picture is an error', () => {
  expect(() => compressPng(png(6, []))).toThrow('Cannot compress')
})
