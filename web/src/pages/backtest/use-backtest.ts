import { useEffect, useRef, useState } from 'react'
import type { PastIncident } from '../../../../src/incidents/past-incidents.ts'
import { type BacktestResult, backtestIncidents } from '../../client.ts'

/** Few per request, so that progress is visible. */
const PER_REQUEST = 5

export interface BacktestRun {
  total: number
  results: BacktestResult[]
  /** Null unless it failed. The results until then stay. */
  error: unknown
  isRunning: boolean
}

/** Ranks past incidents in parts, in their order. Ends when the page is closed. */
export function useBacktest() {
  const [run, setRun] = useState<BacktestRun | null>(null)
  const current = useRef<AbortController | null>(null)
  const stop = () => current.current?.abort()
  useEffect(() => () => current.current?.abort(), [])

  const start = async (incidents: readonly PastIncident[], done: BacktestResult[] = []) => {
    stop()
    const controller = new AbortController()
    current.current = controller
    const { signal } = controller
    let results = done
    const show = (state: Pick<BacktestRun, 'error' | 'isRunning'>) => {
      const { error, isRunning } = state
      setRun({ total: incidents.length, results, error, isRunning })
    }
    show({ error: null, isRunning: true })
    signal.addEventListener('abort', () => show({ error: null, isRunning: false }))
    try {
      while (results.length < incidents.length) {
        const part = incidents.slice(results.length, results.length + PER_REQUEST)
        const { items } = await backtestIncidents({ incidents: part.map(toRequest) }, { signal })
        if (signal.aborted) return
        results = [...results, ...items]
        show({ error: null, isRunning: results.length < incidents.length })
      }
    } catch (error) {
      if (!signal.aborted) show({ error, isRunning: false })
    }
  }
  return { run, start, stop }
}

function toRequest(past: PastIncident) {
  return {
    time: past.time.toISOString(),
    title: past.title,
    environment: past.environment,
    services: past.services,
    serviceId: past.serviceId,
    cause: past.cause,
  }
}
