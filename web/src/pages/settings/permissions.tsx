import { Alert } from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import { useSuspenseQuery } from '@tanstack/react-query'
import type { Me } from '../../client.ts'
import { meQuery } from '../../session.ts'

/** The current user. The layout has loaded it already. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data
}

/** Why the user cannot do what requires an owner. Undefined if allowed. */
export function ownerOnlyReason({ user, role }: Pick<Me, 'user' | 'role'>): string | undefined {
  if (role === 'owner') return undefined
  return user === null
    ? 'You are using an API key. This requires an owner who is signed in.'
    : 'You are a member. Ask an owner to do this.'
}

export function OwnersOnly({ what }: { what: string }) {
  const why = ownerOnlyReason(useMe())
  if (!why) return null
  return (
    <Alert color="gray" variant="light" icon={<IconLock aria-hidden />} title={what}>
      {why}
    </Alert>
  )
}
