import { z } from 'zod'
import { ControlError } from './errors.ts'
import type { Settings } from './types.ts'

export const defaultSettings: Settings = {
  latencyMs: 400,
  tps: 2,
  tokenLifetimeSeconds: 3600,
  tokenMaxPages: null,
  clockOffsetMs: 0,
  skewToleranceSeconds: 300,
  stackMs: 1000,
  recordsCalls: true,
}

/** Some of the settings; the others stay unchanged. */
export const settingsSchema = z
  .strictObject({
    latencyMs: z.number().nonnegative(),
    tps: z.number().positive().nullable(),
    tokenLifetimeSeconds: z.number().nonnegative(),
    tokenMaxPages: z.number().int().positive().nullable(),
    clockOffsetMs: z.number(),
    skewToleranceSeconds: z.number().nonnegative().nullable(),
    stackMs: z.number().nonnegative(),
    recordsCalls: z.boolean(),
  })
  .partial()

/** @throws ControlError for a setting that does not exist or makes no sense */
export function changeSettings(settings: Settings, changes: Partial<Settings>): void {
  const parsed = settingsSchema.safeParse(changes)
  if (!parsed.success) throw new ControlError(z.prettifyError(parsed.error))
  for (const [name, value] of Object.entries(parsed.data)) {
    if (value !== undefined) Object.assign(settings, { [name]: value })
  }
}
