import type { ConnectionOptions } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'

/** Which Temporal to talk to. Client and worker connect by the same one. */
export interface TemporalTarget {
  connection: Pick<ConnectionOptions, 'address' | 'tls' | 'metadata'> & { apiKey?: string }
  namespace: string
  /** Where people find Temporal's UI, without a slash at the end; null when that is not known. */
  uiUrl: string | null
}

/**
 * Temporal's standard environment configuration: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`, or a profile of `temporal.toml` by `TEMPORAL_PROFILE` and
 * `TEMPORAL_CONFIG_FILE`. Null when none of these names a server: the embedded one is meant.
 * https://docs.temporal.io/develop/environment-configuration
 *
 * @throws when a file or a certificate that is named cannot be read
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
