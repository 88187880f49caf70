import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Connection, type ConnectionSettingsInput, updateConnection } from '../../client.ts'
import { refreshEnvironments } from '../../components/environment-badge.tsx'

/**
 * Updates a connection and shows the response immediately.
 *
 * @param errorTitle shows errors in a notification with this title; forms show errors themselves
 */
export function useUpdate(id: string, errorTitle?: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (settings: ConnectionSettingsInput) => updateConnection(id, settings),
    onSuccess: (connection: Connection) => {
      client.setQueryData(['connections', id], connection)
      void client.invalidateQueries({ queryKey: ['connections'], exact: true })
      for (const what of ['verification', 'coverage', 'setup'])
        void client.invalidateQueries({ queryKey: ['connections', id, what] })
      void refreshEnvironments(client)
    },
    ...(errorTitle !== undefined && { meta: { errorTitle } }),
    // The last update wins.
    scope: { id },
  })
}
