import { type Connection, isGrpcServiceError } from '@temporalio/client'
import { accountKey, nameKey, organizationKey, statusKey } from '../workflows/search-attributes.ts'

/** The search attributes of Cairn's workflows. */
export const searchAttributeNames = [organizationKey, accountKey, nameKey, statusKey].map(
  (key) => key.name,
)

/** The gRPC codes that are handled differently. https://grpc.io/docs/guides/status-codes/ */
const grpcCode = { CANCELLED: 1, DEADLINE_EXCEEDED: 4, UNAVAILABLE: 14 }
/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const keywordType = 2

/**
 * Whether workflows can have Cairn's search attributes. Registers them if permitted: a self-hosted
 * server permits it, Temporal Cloud requires its own tools.
 *
 * @throws if Temporal is unavailable
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<boolean> {
  const names = searchAttributeNames
  // Every client may list workflows, with any permissions and on any server.
  const query = names.map((name) => `${name} = "none"`).join(' AND ')
  const known = () =>
    answers(connection.workflowService.countWorkflowExecutions({ namespace, query }))
  if (await known()) return true
  await answers(
    connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, keywordType])),
    }),
  )
  return known()
}

async function answers(call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    const away = [grpcCode.UNAVAILABLE, grpcCode.DEADLINE_EXCEEDED, grpcCode.CANCELLED]
    if (isGrpcServiceError(error) && !away.includes(error.code)) return false
    throw error
  }
}
