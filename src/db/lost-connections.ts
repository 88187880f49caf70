/**
 * Options of a client of Postgres: keep-alive probes begin after its connection has been idle for 10
 * seconds. Without them, a query waits forever for a server that vanished after it had received the
 * query.
 */
export const PROBE_SERVER = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 }

/**
 * Settings of a session with which Postgres ends it, and releases its locks, a minute after its
 * client's host has vanished. The default is that of the operating system, about two hours. For
 * sessions on Unix sockets, Postgres ignores them.
 */
export const PROBE_CLIENT = [
  '-c tcp_keepalives_idle=30',
  '-c tcp_keepalives_interval=10',
  '-c tcp_keepalives_count=3',
]
