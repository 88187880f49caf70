import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type EventHandlers, listen } from '../../web/src/server-events.ts'

/** A stream that the test makes open, break and end, as a browser does. */
class Stream extends EventTarget {
  readonly CLOSED = 2
  readyState = 0
  onopen = () => {}
  onerror = () => {}
  opened() {
    this.readyState = 1
    this.onopen()
  }
  /** The browser reconnects automatically. */
  broke() {
    this.readyState = 0
    this.onerror()
  }
  /** The answer was no stream: the browser gives up. */
  refused() {
    this.readyState = 2
    this.onerror()
  }
  close() {
    this.readyState = 2
  }
  emit(event: string, data: object) {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) }))
  }
}

let streams: Stream[]
let isHidden: boolean
let heard: string[]
let end: () => void
let onSight: () => void
let onNetworkChange: () => void

const latest = () => streams.at(-1)!
const isOpen = () => streams.filter(({ readyState }) => readyState !== 2).length

const handlers: EventHandlers = {
  onState: (state) => heard.push(state),
  onGap: () => heard.push('gap'),
  onRefused: () => heard.push('refused'),
  onConnection: (id) => heard.push(`connection ${id}`),
  onIncident: (id) => heard.push(`incident ${id}`),
  onChanges: ({ count }) => heard.push(`${count} changes`),
}

beforeEach(() => {
  vi.useFakeTimers()
  streams = []
  heard = []
  isHidden = false
  end = listen(handlers, {
    open() {
      streams.push(new Stream())
      return latest() as unknown as EventSource
    },
    isHidden: () => isHidden,
    onNetworkChange(listener) {
      onNetworkChange = listener
      return () => {}
    },
    onVisibility(listener) {
      onSight = listener
      return () => {}
    },
  })
})
afterEach(() => {
  end()
  vi.useRealTimers()
})

const see = (hidden: boolean) => {
  isHidden = hidden
  onSight()
}
const SECOND_MS = 1_000

test('a network change opens the stream again, because a lost network does not close it', () => {
  latest().opened()
  expect(heard).toEqual(['live'])
  onNetworkChange()
  expect(streams.length).toBe(2)
  expect(isOpen()).toBe(1)
  vi.advanceTimersByTime(6_000)
  expect(heard).toEqual(['live', 'offline'])
  onNetworkChange()
  latest().opened()
  expect(heard).toEqual(['live', 'offline', 'live', 'gap'])
})

test('a stream without a heartbeat is closed and opened again', () => {
  latest().opened()
  for (let beats = 0; beats < 10; beats++) {
    vi.advanceTimersByTime(15 * SECOND_MS)
    latest().emit('heartbeat', {})
  }
  expect([heard, streams.length]).toEqual([['live'], 1])
  vi.advanceTimersByTime(46 * SECOND_MS)
  expect([streams.length, isOpen()]).toEqual([2, 1])
  vi.advanceTimersByTime(6 * SECOND_MS)
  expect(heard).toEqual(['live', 'offline'])
  latest().opened()
  expect(heard).toEqual(['live', 'offline', 'live', 'gap'])
})

test('a stream that never opens is opened again', () => {
  vi.advanceTimersByTime(46 * SECOND_MS)
  expect([streams.length, isOpen()]).toEqual([2, 1])
  latest().broke()
  vi.advanceTimersByTime(46 * SECOND_MS)
  expect([streams.length, isOpen()]).toEqual([3, 1])
  latest().opened()
  expect(heard).toEqual(['offline', 'live', 'gap'])
})

describe('the event stream', () => {
  test('is reported, with its events', () => {
    latest().opened()
    latest().emit('connection', { id: 'c' })
    latest().emit('changes', { connectionId: 'c', count: 3, noise: 1, newest: '' })
    latest().emit('missed', {})
    expect(heard).toEqual(['live', 'connection c', '3 changes', 'gap'])
  })

  test('is not reported if it is back immediately, but the data is refreshed', () => {
    latest().opened()
    latest().broke()
    vi.advanceTimersByTime(3 * SECOND_MS)
    latest().opened()
    vi.advanceTimersByTime(40 * SECOND_MS)
    expect(heard).toEqual(['live', 'live', 'gap'])
    expect(streams).toHaveLength(1)
  })

  test('is reported as lost after some seconds', () => {
    latest().opened()
    latest().broke()
    vi.advanceTimersByTime(3 * SECOND_MS)
    latest().broke()
    vi.advanceTimersByTime(3 * SECOND_MS)
    expect(heard).toEqual(['live', 'offline'])
    latest().opened()
    expect(heard).toEqual(['live', 'offline', 'live', 'gap'])
  })

  test('is opened again after a rejection, less and less often', () => {
    latest().refused()
    expect(heard).toEqual(['refused'])
    vi.advanceTimersByTime(4 * SECOND_MS)
    expect(streams).toHaveLength(2)
    const untilNext = () => {
      const before = streams.length
      let seconds = 0
      for (; streams.length === before; seconds++) vi.advanceTimersByTime(SECOND_MS)
      return seconds
    }
    for (let n = 0; n < 10; n++) {
      latest().refused()
      untilNext()
    }
    expect(streams).toHaveLength(12)
    latest().refused()
    const waited = untilNext()
    expect([waited >= 30, waited <= 91]).toEqual([true, true])
    latest().opened()
    expect(heard.slice(-2)).toEqual(['live', 'gap'])
    // Then from the beginning.
    latest().refused()
    vi.advanceTimersByTime(4 * SECOND_MS)
    expect(streams).toHaveLength(14)
  })

  test('is closed while the page is hidden, and the data is refreshed afterwards', () => {
    latest().opened()
    see(true)
    vi.advanceTimersByTime(20 * SECOND_MS)
    see(false)
    latest().emit('heartbeat', {})
    vi.advanceTimersByTime(40 * SECOND_MS)
    latest().emit('heartbeat', {})
    expect([streams.length, isOpen()]).toEqual([1, 1])
    see(true)
    vi.advanceTimersByTime(60 * SECOND_MS)
    expect([streams.length, isOpen()]).toEqual([1, 0])
    see(false)
    latest().opened()
    expect([streams.length, isOpen()]).toEqual([2, 1])
    expect(heard).toEqual(['live', 'live', 'gap'])
  })

  test('is not opened on a hidden page after a rejection', () => {
    latest().refused()
    see(true)
    vi.advanceTimersByTime(29_500)
    latest().refused()
    const before = streams.length
    vi.advanceTimersByTime(600 * SECOND_MS)
    expect(streams).toHaveLength(before)
    see(false)
    expect(streams).toHaveLength(before + 1)
  })

  test('ends with the page', () => {
    latest().refused()
    end()
    vi.advanceTimersByTime(600 * SECOND_MS)
    expect(isOpen()).toBe(0)
  })
})
