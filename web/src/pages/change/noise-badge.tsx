import { Badge } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { noiseRulesQuery } from '../../noise-rules.ts'

/** Why a change is routine: a built-in rule, or one of the organization's. */
export function NoiseBadge({ noise }: { noise: string }) {
  const { data } = useQuery(noiseRulesQuery)
  const isOwn = data?.some(({ id }) => id === noise)
  return (
    <Badge color="gray" variant="outline" tt="none">
      routine: {isOwn ? 'hidden by your rule' : noise.replaceAll('-', ' ')}
    </Badge>
  )
}
