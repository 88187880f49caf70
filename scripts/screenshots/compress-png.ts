import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** Color types: https://www.w3.org/TR/png-3/#11IHDR */
const RGB = 2
const PALETTE = 3
const MOST_COLORS = 256
/** Colors that differ in the three highest bits of a channel are of different kinds. */
const HIGH_BITS = 0xe0e0e0

/**
 * A browser's PNG with a palette of 256 colors: about half the size. Rarer colors, of edges of
 * letters, become the nearest of these.
 *
 * @param png RGB with 8 bits a channel, not interlaced: what Chromium writes for opaque pages
 */
export function compressPng(png: Buffer): Buffer {
  const chunks = readChunks(png)
  const header = chunks.find(({ type }) => type === 'IHDR')!.data
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [depth, color, , , interlaced] = header.subarray(8)
  if (depth !== 8 || color !== RGB || interlaced !== 0) {
    throw new Error(`Cannot compress this kind of PNG: ${[...header.subarray(8)]}`)
  }
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data)
  const pixels = readPixels(inflateSync(Buffer.concat(data)), width, height)
  const palette = paletteOf(pixels)
  const indexes = new Map(palette.map((each, index) => [each, index]))
  const bytes = Buffer.alloc((width + 1) * height)
  pixels.forEach((pixel, at) => {
    let index = indexes.get(pixel)
    if (index === undefined) {
      index = nearest(pixel, palette)
      indexes.set(pixel, index)
    }
    // Each row begins with its filter: none.
    bytes[at + Math.floor(at / width) + 1] = index
  })
  header[9] = PALETTE
  return Buffer.concat([
    signature,
    writeChunk('IHDR', header),
    writeChunk('PLTE', Buffer.from(palette.flatMap(channels))),
    writeChunk('IDAT', deflateSync(bytes, { level: 9, memLevel: 9 })),
    writeChunk('IEND', Buffer.alloc(0)),
  ])
}

function readChunks(png: Buffer): { type: string; data: Buffer }[] {
  const chunks: { type: string; data: Buffer }[] = []
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    chunks.push({ type, data: Buffer.from(png.subarray(at + 8, at + 8 + length)) })
    at += length + 12
  }
  return chunks
}

function writeChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(data.length + 12)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write(type, 4, 'latin1')
  data.copy(chunk, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, data.length + 8)), data.length + 8)
  return chunk
}

/** What each filter has subtracted from a byte: https://www.w3.org/TR/png-3/#9Filter-types */
const predictors: ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  function paeth(left, above, corner) {
    const estimate = left + above - corner
    const toLeft = Math.abs(estimate - left)
    const toAbove = Math.abs(estimate - above)
    const toCorner = Math.abs(estimate - corner)
    if (toLeft <= toAbove && toLeft <= toCorner) return left
    return toAbove <= toCorner ? above : corner
  },
]

/** @returns the pixels as `0xRRGGBB` */
function readPixels(bytes: Buffer, width: number, height: number): Uint32Array {
  const pixels = new Uint32Array(width * height)
  let above = Buffer.alloc(width * 3)
  for (let y = 0; y < height; y++) {
    const start = y * (width * 3 + 1)
    const predict = predictors[bytes[start]!]!
    const row = Buffer.from(bytes.subarray(start + 1, start + 1 + width * 3))
    for (let x = 0; x < row.length; x++) {
      row[x] = row[x]! + predict(row[x - 3] ?? 0, above[x]!, above[x - 3] ?? 0)
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = row.readUIntBE(x * 3, 3)
    above = row
  }
  return pixels
}

/** The most frequent colors, first one of each kind of color: a small icon keeps its own. */
function paletteOf(pixels: Uint32Array): number[] {
  const counts = new Map<number, number>()
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
  const sorted = [...counts].sort(([, one], [, other]) => other - one).map(([color]) => color)
  const kinds = Map.groupBy(sorted, (color) => color & HIGH_BITS)
  const first = [...kinds.values()].map(([most]) => most!)
  return [...new Set([...first, ...sorted])].slice(0, MOST_COLORS)
}

const channels = (color: number) => [color >> 16, (color >> 8) & 0xff, color & 0xff]

function nearest(color: number, palette: readonly number[]): number {
  const wanted = channels(color)
  const distances = palette.map((each) =>
    channels(each).reduce((sum, value, channel) => sum + (value - wanted[channel]!) ** 2, 0),
  )
  return distances.indexOf(Math.min(...distances))
}
