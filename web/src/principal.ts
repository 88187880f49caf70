import { queryOptions, useQuery } from '@tanstack/react-query'
import { getPrincipal, type PrincipalStatus } from './client.ts'

/** Cairn's own AWS credentials. Polled more often while they do not work. */
const principalQuery = queryOptions({
  queryKey: ['principal'],
  queryFn: () => getPrincipal(),
  refetchInterval: ({ state }) => (state.data?.canAssumeRoles ? 60_000 : 5_000),
})

const titles: Record<PrincipalStatus['state'], string> = {
  ready: '',
  unreported: '',
  no_credentials: 'No AWS credentials',
  expired: 'AWS credentials have expired',
  rejected: "AWS rejected Cairn's credentials",
  unreachable: 'AWS STS is not responding',
  unusable: 'Cairn runs as an AWS identity that cannot assume roles',
}

/** What is wrong with Cairn's AWS credentials. */
interface PrincipalProblem {
  title: string
  means: string
  remedy: string | null
}

/** Undefined while the credentials work, and until they are known. */
export function usePrincipalProblem(): PrincipalProblem | undefined {
  const { data } = useQuery(principalQuery)
  if (data?.canAssumeRoles !== false) return undefined
  const { state, means, remedy } = data
  return { title: titles[state], means, remedy }
}

/** Why a role cannot be verified now; undefined if it can be. */
export function useVerifyObstacle(): string | undefined {
  const problem = usePrincipalProblem()
  return problem && `${problem.title}: Cairn cannot assume the role.`
}
