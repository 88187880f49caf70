import { connect, createServer, type Server, type Socket } from 'node:net'
import { quietPort } from './ports.ts'

/** A TCP proxy that can be closed to simulate an unavailable server. */
interface Gate {
  /** `127.0.0.1:port`, unchanged until it is removed. */
  address: string
  open(): Promise<void>
  /** Refuses new connections and closes the open ones. */
  close(): Promise<void>
}

/** Creates a closed gate to a server. */
export async function createGate(target: string): Promise<Gate> {
  const [host, port] = target.split(':') as [string, string]
  const sockets = new Set<Socket>()
  let server: Server | undefined

  function forward(socket: Socket): void {
    const onward = connect(Number(port), host)
    for (const end of [socket, onward]) {
      sockets.add(end)
      end.on('error', () => end.destroy())
      end.on('close', () => {
        sockets.delete(end)
        socket.destroy()
        onward.destroy()
      })
    }
    socket.pipe(onward).pipe(socket)
  }

  async function listen(at: number): Promise<void> {
    const listening = createServer(forward)
    server = listening
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject).listen(at, '127.0.0.1', resolve)
    })
  }

  async function close(): Promise<void> {
    const closing = server
    server = undefined
    if (!closing) return
    const closed = new Promise((resolve) => closing.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }

  const own = await quietPort()
  return {
    address: `127.0.0.1:${own}`,
    close,
    async open() {
      if (!server) await listen(own)
    },
  }
}
