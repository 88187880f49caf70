import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { toApiError } from '../../api.ts'
import { getAccountLink } from '../../client.ts'
import { SignedOutPage } from '../../components/signed-out-page.tsx'
import { ErrorState, Loading } from '../../components/states.tsx'
import { AccountForm } from './account-form.tsx'
import { InvalidLink, MissingLink } from './link-errors.tsx'

/** The page that setup links and invitations open. */
export function AcceptInvitationPage() {
  const search = useSearch({ from: '/accept-invitation' })
  const [token] = useState(search.token)
  const navigate = useNavigate()
  // The token must not stay in the address bar or the history.
  useEffect(() => {
    if (search.token !== undefined)
      void navigate({ to: '/accept-invitation', search: {}, replace: true })
  }, [search.token, navigate])
  const link = useQuery({
    queryKey: ['account-link', token],
    queryFn: () => getAccountLink(token!),
    enabled: token !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  if (token === undefined) return <MissingLink />
  if (link.isPending) return <Loading label="Checking the link" />
  if (link.isError) {
    if (toApiError(link.error).status === 404) return <InvalidLink />
    if (toApiError(link.error).status === 422) return <InvalidLink />
    return (
      <SignedOutPage title="Cannot check the link">
        <ErrorState error={link.error} retry={() => link.refetch()} />
      </SignedOutPage>
    )
  }
  return <AccountForm token={token} link={link.data} />
}
