import { Alert } from '@mantine/core'
import { IconKeyOff } from '@tabler/icons-react'
import { usePrincipalProblem } from '../principal.ts'
import { Prose } from './prose.tsx'

/** On every page while Cairn has no AWS credentials that work. */
export function PrincipalBanner() {
  const problem = usePrincipalProblem()
  if (!problem) return null
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconKeyOff aria-hidden />}
      title={problem.title}
      mb="md"
      role="status"
      aria-label="AWS credentials"
    >
      {problem.remedy && <Prose text={problem.remedy} />} {problem.means}
    </Alert>
  )
}
