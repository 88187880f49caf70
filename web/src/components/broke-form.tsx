import { Button, Stack } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { serverNow } from '../server-time.ts'
import { formatTime, useZone } from '../time.tsx'
import { EnvironmentSelect } from './environment-select.tsx'
import { entryOf, TimeField } from './time-field.tsx'

/** Opens the ranked changes before a time. Stores nothing. */
export function BrokeForm({ onDone }: { onDone: () => void }) {
  const navigate = useNavigate()
  const [zone] = useZone()
  const [entry, setEntry] = useState(() => entryOf(new Date(serverNow())))
  const [environment, setEnvironment] = useState<string | null>(null)
  const { time } = entry
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!time) return
    onDone()
    void navigate({
      to: '/incidents/preview',
      search: { at: time.toISOString(), ...(environment !== null && { environment }) },
    })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TimeField
          label="Incident time"
          description="Type or paste a time: 20:45, 10 min ago, an ISO timestamp, a Unix time."
          entry={entry}
          onChange={setEntry}
          autoFocus
        />
        <EnvironmentSelect value={environment} onChange={setEnvironment} />
        <Button type="submit" disabled={time === null}>
          {time ? `Show what changed before ${formatTime(time, zone)}` : 'Show what changed'}
        </Button>
      </Stack>
    </form>
  )
}
