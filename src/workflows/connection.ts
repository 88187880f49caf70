import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  Trigger,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import {
  cancelWhen,
  failureOf,
  finishDeletion,
  importEvents,
  oneLine,
  readConnection,
  refused,
  verifyRole,
} from './connection-activities.ts'
import { currentDetails } from './details.ts'
import {
  currentVerification,
  isRunFull,
  isRunLongEnough,
  nextStep,
  type RunLength,
  type Step,
  type StepFailure,
  statusFromState,
  whyUpdateRefused,
  withCycle,
  withFailure,
  withRowChange,
  withSettings,
  withVerification,
} from './life.ts'
import { changedSignal, importNowUpdate, stateQuery, verifyNowUpdate } from './messages.ts'
import {
  accountKey,
  nameKey,
  organizationKey,
  searchableName,
  statusKey,
} from './search-attributes.ts'
import type {
  ConnectionSettings,
  ConnectionState,
  ConnectionWork,
  ImportSummary,
  VerificationSummary,
} from './state.ts'

/**
 * The workflow of a connection, from its creation to the end of its deletion. It brings about what
 * the connection's row requires: `nextStep` decides the step, and the functions below execute it.
 *
 * It ends only when the row is gone or its deletion is complete. Cancelling it restarts it: it
 * stops what is running, finishes a requested deletion, and ends; the reconciler starts it again if
 * the connection should be imported. To stop it, pause or delete the connection.
 *
 * @param options.cyclesPerRun the number of verifications and imports before it continues as new,
 *   even if Temporal does not suggest it yet
 * @param options.signalsPerRun the same for signals
 */
export async function connection(
  state: ConnectionState,
  options: { cyclesPerRun?: number; signalsPerRun?: number } = {},
): Promise<void> {
  const ref: ConnectionWork = {
    installationId: state.installationId,
    organizationId: state.organizationId,
    connectionId: state.connectionId,
  }
  const asked = {
    // Every run starts by reading the row, which may have changed since the last run.
    read: true,
    verify: [] as Trigger<VerificationSummary>[],
    import: [] as Trigger<ImportSummary>[],
  }
  let reading = false
  const { cyclesPerRun = 100, signalsPerRun = 1_000 } = options
  const limits = { cycles: cyclesPerRun, signals: signalsPerRun }
  let signals = 0
  let cycles = 0

  setHandler(stateQuery, () => state, { description: 'Returns the state of the workflow' })
  setHandler(
    changedSignal,
    () => {
      signals += 1
      asked.read = true
    },
    { description: "The connection's row has changed: read it again" },
  )
  // The handlers only queue requests. The loop does the work, so that only one activity runs at a
  // time.
  setHandler(verifyNowUpdate, () => enqueue(asked.verify), {
    description: 'Verify the role now',
    validator: () => refuseUnlessPossible('verify'),
  })
  setHandler(importNowUpdate, () => enqueue(asked.import), {
    description: 'Import from all regions now',
    validator: () => refuseUnlessPossible('import'),
  })

  try {
    for (;;) {
      dismissCallers()
      show()
      const step = nextStep(state, asked, Date.now())
      if (step.do === 'end') return
      if (isRunLongEnough(step, runLength(), limits) && (await isWithoutCallers()))
        await continueAsNew<typeof connection>(state, options)
      try {
        await carryOut(step)
      } catch (error) {
        if (CancellationScope.current().consideredCancelled) throw error
        await recover(step, error)
        continue
      }
      if (step.do === 'finishDeletion') return
    }
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(endForOperator)
    throw error
  } finally {
    dismissCallers('The workflow of this connection has ended.')
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished))
  }

  async function carryOut(step: Step): Promise<void> {
    switch (step.do) {
      case 'read':
        return withSettings(state, await readRow())
      case 'verify':
        cycles += 1
        return withVerification(state, await verify(), Date.now(), isLimited)
      case 'import':
        cycles += 1
        return withCycle(state, await importChanges(), Date.now(), isLimited)
      case 'finishDeletion':
        return unlessFull(() =>
          finishDeletion.executeWithOptions({ summary: 'Finish deletion' }, [ref]),
        )
      case 'wait':
        return wait(step.until, step.for)
    }
  }

  async function readRow(): Promise<ConnectionSettings | null> {
    // Before reading, so that a change during the read leads to another one.
    asked.read = false
    reading = true
    try {
      return await unlessFull(() =>
        readConnection.executeWithOptions({ summary: "Read the connection's row" }, [ref]),
      )
    } finally {
      reading = false
    }
  }

  function verify(): Promise<VerificationSummary> {
    const failures = currentVerification(state)?.failures ?? 0
    const summary = oneLine`Verify ${state.settings?.roleArn}`
    return serve(asked.verify, () =>
      runInterruptible(() => verifyRole.executeWithOptions({ summary }, [ref, { failures }])),
    )
  }

  function importChanges(): Promise<ImportSummary> {
    // The first import after a change or a fixed role includes quiet regions, because they have gaps now.
    const force = asked.import.length > 0 || state.nextPollAt === null
    const summary = oneLine`Import ${state.settings?.name}`
    return serve(asked.import, () =>
      runInterruptible(
        () => importEvents.executeWithOptions({ summary }, [ref, { force }]),
        () => asked.verify.length > 0,
      ),
    )
  }

  async function wait(until: string | null, summary: string): Promise<void> {
    if (until === null) return condition(isAsked)
    const ms = Math.max(1, Date.parse(until) - Date.now())
    await condition(isAsked, ms, { summary: `${summary} at ${until}` })
  }

  /**
   * Runs an activity and cancels it if the row has changed, or if something urgent was requested. A
   * signal alone does not cancel it: the reconciler sends redundant signals, and an import that
   * each of them stopped would make little progress.
   *
   * @throws a cancellation if it was stopped
   */
  async function runInterruptible<T>(
    activity: () => Promise<T>,
    isUrgent: () => boolean = () => false,
  ): Promise<T> {
    const scope = new CancellationScope()
    let ended = false
    const running = scope.run(activity).finally(() => {
      ended = true
    })
    // Attached now, because it may fail while the row is read, which would be an unhandled rejection.
    const settled = Promise.allSettled([running])
    try {
      while (!ended) {
        await condition(() => ended || asked.read || isUrgent() || isFull())
        if (ended) break
        if (isUrgent() || isFull() || (await readRow())?.version !== state.settings?.version) {
          scope.cancel()
          asked.read = true
          break
        }
      }
    } catch (error) {
      scope.cancel()
      throw error
    } finally {
      await settled
    }
    return running
  }

  /** Stops an activity when the run can accept no more signals. */
  function unlessFull<T>(activity: () => Promise<T>): Promise<T> {
    return cancelWhen(isFull, activity)
  }

  /** Does work that callers wait for, and returns the result to them. */
  async function serve<T>(callers: Trigger<T>[], work: () => Promise<T>): Promise<T> {
    const served = callers.splice(0)
    try {
      const result = await work()
      for (const caller of served) caller.resolve(result)
      return result
    } catch (error) {
      const again = isCancellation(error) || isTriedAgain(failureOf(error))
      if (again) callers.unshift(...served)
      else for (const caller of served) caller.reject(refused(failureOf(error).message))
      throw error
    }
  }

  /** Whether callers wait for the next attempt instead of receiving the failure. */
  function isTriedAgain({ kind }: StepFailure): boolean {
    return kind === 'row changed' || (kind === 'verification required' && state.failures === 0)
  }

  async function recover(step: Step, error: unknown): Promise<void> {
    // Cancelled by this workflow: the reason for the cancellation determines the next step.
    if (isCancellation(error)) return
    const failure = failureOf(error)
    log.warn('A step of the connection failed', { step: step.do, ...failure })
    const isReadNext = step.do === 'read' || failure.kind === 'row changed'
    // Version 0.1.0 counts a changed row as a failure, and no signal or update ends its wait.
    const isInterruptible = isReadNext && patched('interruptible-read')
    const delay =
      isInterruptible && failure.kind === 'row changed' ? withRowChange(state) : delayAfter(failure)
    // The row contains the role to verify.
    if (failure.kind === 'verification required') asked.read = true
    if (!isReadNext) return
    show()
    const callers = countCallers()
    // Only new callers: those that wait already would end each wait immediately.
    const isWoken = () => isInterruptible && (asked.read || countCallers() > callers)
    if (delay > 0)
      await condition(() => isFull() || isWoken(), delay, { summary: 'Read the settings again' })
    asked.read = true
  }

  /** Counts a failure, and returns the delay before the next attempt, in milliseconds. */
  function delayAfter(failure: StepFailure): number {
    withFailure(state, failure, Date.now())
    return Date.parse(state.nextPollAt!) - Date.now()
  }

  async function endForOperator(): Promise<void> {
    try {
      withSettings(
        state,
        await readConnection.executeWithOptions(
          { summary: 'Read the final settings', scheduleToCloseTimeout: '1m' },
          [ref],
        ),
      )
      if (state.settings?.deleted) {
        await finishDeletion.executeWithOptions(
          { summary: 'Finish deletion', scheduleToCloseTimeout: '15m' },
          [ref],
        )
      }
    } catch (error) {
      // The reconciler starts this workflow again for work that could not be done.
      log.warn('The last step of a cancelled connection failed', { ...failureOf(error) })
    }
    show('**Cancelled by an operator.** Cairn starts it again unless it is paused or has no role.')
  }

  /** Shows the state in Temporal's UI and in its search attributes. */
  function show(preface?: string): void {
    const { status, reason } = statusFromState(state)
    if (status !== state.status) state.since = new Date(Date.now()).toISOString()
    state.status = status
    state.statusReason = reason
    setCurrentDetails(currentDetails(state, { now: Date.now(), preface }))
    if (!state.searchAttributes) return
    const known = workflowInfo().typedSearchAttributes
    const { settings } = state
    const updates = [
      { key: organizationKey, value: state.organizationId },
      { key: accountKey, value: settings ? settings.accountId : (known.get(accountKey) ?? null) },
      { key: statusKey, value: status },
      ...(settings && state.showsName
        ? [{ key: nameKey, value: searchableName(settings.name) }]
        : []),
    ].filter(({ key, value }) => (known.get(key) ?? null) !== value)
    if (updates.length > 0) upsertSearchAttributes(updates)
  }

  function countCallers(): number {
    return asked.verify.length + asked.import.length
  }

  function isAsked(): boolean {
    return asked.read || countCallers() > 0
  }

  function runLength(): RunLength {
    return { signals, cycles, isSuggested: workflowInfo().continueAsNewSuggested }
  }

  function isFull(): boolean {
    return isRunFull(runLength(), limits)
  }

  /** Whether all callers have received a response, so that this run can end. */
  async function isWithoutCallers(): Promise<boolean> {
    if (isFull()) dismissCallers('This connection has received too many requests. Retry.')
    const isWaitedFor = () => asked.verify.length > 0 || asked.import.length > 0
    // A caller whose update has just completed may not have received the result yet.
    await condition(() => allHandlersFinished() || isWaitedFor())
    return !isWaitedFor()
  }

  /** Rejects an update before it is accepted, if the row's state is known. */
  function refuseUnlessPossible(update: 'verify' | 'import'): void {
    if (asked.read || reading) return
    const reason = whyUpdateRefused(state, update)
    if (reason !== null) throw refused(reason)
  }

  /** Rejects callers whose updates can no longer be executed. */
  function dismissCallers(reason?: string): void {
    if (reason === undefined && asked.read) return
    for (const update of ['verify', 'import'] as const) {
      const sentence = reason ?? whyUpdateRefused(state, update)
      if (sentence === null) continue
      for (const caller of asked[update].splice(0)) caller.reject(refused(sentence))
    }
  }
}

/** Version 0.1.0 waits until the due time of a worker, however far ahead its clock is. */
function isLimited(): boolean {
  return patched('limited-waits')
}

async function enqueue<T>(callers: Trigger<T>[]): Promise<T> {
  const caller = new Trigger<T>()
  callers.push(caller)
  return caller
}
