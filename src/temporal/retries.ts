import {
  defaultGrpcRetryOptions,
  type GrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client'

type Interceptor = ReturnType<typeof makeGrpcRetryInterceptor>
type Call = ReturnType<Parameters<Interceptor>[1]>
type Status = Parameters<GrpcRetryOptions['retryableDecider']>[1]

const MAX_ATTEMPTS = 3

/**
 * Makes calls to Temporal up to three times, until the connection is closed. The interceptor of the
 * SDK repeats a call from a timer. If the connection has been closed by then, grpc-js throws there,
 * which would end the process: instead, the call ends with its last status.
 */
export function retryInterceptor(isClosed: () => boolean): Interceptor {
  const defaults = defaultGrpcRetryOptions({ maxAttempts: MAX_ATTEMPTS })
  return (options, nextCall) => {
    let last: Status | undefined
    const retry = makeGrpcRetryInterceptor({
      ...defaults,
      retryableDecider(attempt, status) {
        last = status
        return !isClosed() && defaults.retryableDecider(attempt, status)
      },
    })
    return retry(options, (next) => (last && isClosed() ? endedCall(last) : nextCall(next)))
  }
}

/** A call that ends immediately with this status. */
function endedCall(status: Status): Call {
  return {
    start: (_metadata, listener) => listener?.onReceiveStatus?.(status),
    sendMessage() {},
    sendMessageWithContext() {},
    startRead() {},
    halfClose() {},
    cancelWithStatus() {},
    getPeer: () => '',
    getAuthContext: () => null,
  }
}
