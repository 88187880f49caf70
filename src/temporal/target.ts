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
 * `TEMPORAL_CONFIG_FILE`. Null if none of these names a server: then Cairn starts the embedded one.
 * https://docs.temporal.io/develop/environment-configuration
 *
 * @throws if a configured file or certificate cannot be read
 */
export function temporalFromEnvironment(
  env: Record<string, string | undefined>,
): TemporalTarget | null {
  const given = (name: string) => env[name] !== undefined && env[name] !== ''
  if (!['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some(given)) return null
  const { connectionOptions, namespace } = loadClientConnectConfig({
    overrideEnvVars: Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  })
  const { address, tls, apiKey, metadata } = connectionOptions
  const cloud = /\.(tmprl\.cloud|api\.temporal\.io)(:\d+)?$/.test(address ?? '')
  return {
    connection: { address, tls, apiKey, metadata },
    namespace: namespace ?? 'default',
    uiUrl: cloud ? 'https://cloud.temporal.io' : null,
  }
}
