import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Api } from '../../scripts/api.ts'

/** An API with this listener, and the methods of the requests that it received. */
async function apiThat(answer: RequestListener) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, apiKey: 'key', asked }
}

const problem = (status: number, detail: string) => JSON.stringify({ status, detail })

test.each([503, 429])('a response with status %i is retried', async (status) => {
  let refusals = 2
  const cairn = await apiThat((_request, response) => {
    if (refusals-- > 0) response.writeHead(status).end(problem(status, 'Later.'))
    else response.end('{"id":"1"}')
  })
  expect(await new Api(cairn).request('POST', '/connections', {})).toEqual({ id: '1' })
  expect(cairn.asked).toEqual(Array(3).fill('POST /api/v1/connections'))
})

test('a lost response is retried, unless the request may have changed something', async () => {
  let losses = 1
  const cairn = await apiThat((request, response) => {
    if (losses-- > 0) request.socket.destroy()
    else response.end('{}')
  })
  expect(await new Api(cairn).request('GET', '/connections')).toEqual({})
  losses = 1
  await expect(new Api(cairn).request('POST', '/connections', {})).rejects.toThrow(
    'POST /connections: no answer: ',
  )
  expect(cairn.asked).toHaveLength(3)
})

test('a persistent failure, or a rejection, is an error with the reason', async () => {
  const busy = await apiThat((_request, response) => {
    response.writeHead(503).end(problem(503, 'The database is away.'))
  })
  await expect(
    new Api(busy, undefined, { retryWithinMs: 0 }).request('GET', '/changes'),
  ).rejects.toThrow('GET /changes: 503 The database is away.')
  const wrong = await apiThat((_request, response) => {
    response.writeHead(422).end(problem(422, 'No such field.'))
  })
  await expect(new Api(wrong).request('GET', '/changes')).rejects.toThrow('422 No such field.')
  expect(wrong.asked).toHaveLength(1)
  const proxy = await apiThat((_request, response) => {
    response.writeHead(502).end('<html>Bad gateway</html>')
  })
  await expect(new Api(proxy).request('GET', '/changes')).rejects.toThrow('502 <html>Bad gateway')
})

test('a signal ends the wait', async () => {
  const cairn = await apiThat((_request, response) => {
    response.writeHead(503).end(problem(503, 'Later.'))
  })
  const stopping = new AbortController()
  const asking = new Api(cairn, stopping.signal).request('GET', '/changes')
  stopping.abort()
  await expect(asking).rejects.toThrow()
})
