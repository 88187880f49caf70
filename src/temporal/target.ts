import { accessSync, constants } from 'node:fs'
import type { ConnectionOptions } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'

/** The Temporal server that client and worker connect to. */
export interface TemporalTarget {
  connection: Pick<ConnectionOptions, 'address' | 'tls' | 'metadata'> & { apiKey?: string }
  namespace: string
  /** The URL of Temporal's UI, without a trailing slash; null if unknown. */
  uiUrl: string | null
}

/**
 * Reads Temporal's standard environment configuration: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`, or a profile of `temporal.toml` by `TEMPORAL_PROFILE` and
 * `TEMPORAL_CONFIG_FILE`. An empty value counts as unset. Null if none of these names a server: then
 * Cairn starts the embedded one.
 * https://docs.temporal.io/develop/environment-configuration
 *
 * @throws an error of one line if a configured file or certificate cannot be read, or if the
 *   address is not `host` or `host:port`
 */
export function temporalFromEnvironment(
  env: Record<string, string | undefined>,
): TemporalTarget | null {
  const given = (name: string) => env[name] !== undefined && env[name] !== ''
  if (!['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some(given)) return null
  const { connectionOptions, namespace } = load(env)
  const { address, tls, apiKey, metadata } = connectionOptions
  if (!isAddress(address)) {
    throw new Error(
      'TEMPORAL_ADDRESS, or `address` in the profile of temporal.toml, must be a host or host:port, without a scheme or a path: temporal:7233',
    )
  }
  const cloud = /\.(tmprl\.cloud|api\.temporal\.io)(:\d+)?$/.test(address)
  return {
    connection: { address, tls, apiKey, metadata },
    namespace: namespace ?? 'default',
    uiUrl: cloud ? 'https://cloud.temporal.io' : null,
  }
}

/** Its errors can quote the file, which contains secrets, and some are JavaScript's own. */
function load(env: Record<string, string | undefined>) {
  try {
    // Without this, a missing file would count as empty.
    if (env.TEMPORAL_CONFIG_FILE) accessSync(env.TEMPORAL_CONFIG_FILE, constants.R_OK)
    return loadClientConnectConfig({
      overrideEnvVars: Object.fromEntries(
        Object.entries(env).filter(
          (entry): entry is [string, string] =>
            // An empty header removes the one of the profile.
            Boolean(entry[1]) || (entry[1] === '' && entry[0].startsWith('TEMPORAL_GRPC_META_')),
        ),
      ),
    })
  } catch (error) {
    const reason =
      error instanceof TypeError
        ? 'its file has no table [profile.NAME]'
        : (error as Error).message.split('\n')[0]
    throw new Error(`Temporal's configuration cannot be used: ${reason}`)
  }
}

/** What Temporal's client accepts: a host name, an IPv4 address, or an IPv6 address in brackets. */
function isAddress(text: unknown): text is string {
  const [, host, port = '7233'] =
    /^([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(`${text}`) ?? []
  return typeof text === 'string' && host !== undefined && +port > 0 && +port <= 65535
}
