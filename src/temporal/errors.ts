import { isGrpcServiceError } from '@temporalio/client'

/** Temporal does not respond, or rejects the credentials. */
export class TemporalUnavailable extends Error {
  override name = 'TemporalUnavailable'
}

/** The workflow rejected the update. The message is for the caller. */
export class UpdateRefused extends Error {
  override name = 'UpdateRefused'
}

/** No response in time. The requested work may still complete. */
export class UpdateTimedOut extends Error {
  override name = 'UpdateTimedOut'
}

export function unavailable(error: unknown): TemporalUnavailable {
  return new TemporalUnavailable(`Temporal is unavailable: ${temporalReason(error)}`, {
    cause: error,
  })
}

/** The reason for a failed call, in the words of Temporal or gRPC. */
export function temporalReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = isGrpcServiceError(error) ? error : error.cause
  return isGrpcServiceError(cause) ? cause.details || cause.message : error.message
}
