import { Alert, Button, FileButton, Group, Stack, Text, Textarea } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useState } from 'react'
import {
  InvalidPastIncidents,
  MAX_DAYS,
  type PastIncident,
  parsePastIncidents,
  selectRecent,
} from '../../../../src/incidents/past-incidents.ts'
import { counted } from '../../format.ts'
import { serverNow } from '../../server-time.ts'

const MAX_BYTES = 5 * 1024 * 1024
const EXAMPLE = `time,environment,title,cause
2026-03-02T20:45:10Z,production,checkout: 5xx above 5 %,removed port 5432`

interface Entry {
  incidents: PastIncident[]
  /** Which incidents are not ranked, with the reason. */
  excluded: string[]
  error: string | null
}

/** What the text contains. Null: nothing yet. */
function readEntry(text: string, now: Date): Entry | null {
  if (text.trim() === '') return null
  try {
    const { recent, older, future } = selectRecent(parsePastIncidents(text), now)
    const excluded: string[] = []
    if (older > 0) excluded.push(`${counted(older, 'incident')} older than ${MAX_DAYS} days`)
    if (future > 0) excluded.push(`${counted(future, 'incident')} in the future`)
    return { incidents: recent, excluded, error: null }
  } catch (error) {
    if (error instanceof InvalidPastIncidents) {
      return { incidents: [], excluded: [], error: error.message }
    }
    throw error
  }
}

/** Takes past incidents as text or as a file. */
export function IncidentEntry(props: {
  isRunning: boolean
  onStart: (incidents: PastIncident[]) => void
}) {
  const [text, setText] = useState('')
  const [fileError, setFileError] = useState<string | null>(null)
  const entry = readEntry(text, new Date(serverNow()))
  const incidents = entry?.incidents ?? []
  const read = async (file: File | null) => {
    if (file === null) return
    const isLarge = file.size > MAX_BYTES
    setFileError(isLarge ? `${file.name} is larger than 5 MB. Split it.` : null)
    if (!isLarge) setText(await file.text())
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (incidents.length > 0) props.onStart(incidents)
      }}
    >
      <Stack gap="xs">
        <Textarea
          label="Past incidents"
          description="CSV or JSON lines with time, environment, title and, if known, cause: a part of the change's summary. Or an export of PagerDuty incidents, as JSON or CSV. Times without an offset are UTC."
          placeholder={EXAMPLE}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={fileError ?? entry?.error}
          rows={6}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
        {entry !== null && entry.excluded.length > 0 && (
          <Alert color="gray" variant="light">
            Excluded: {entry.excluded.join(', ')}.
          </Alert>
        )}
        <Group gap="xs">
          <Button type="submit" disabled={incidents.length === 0} loading={props.isRunning}>
            {incidents.length === 0
              ? 'Rank incidents'
              : `Rank ${counted(incidents.length, 'incident')}`}
          </Button>
          <FileButton onChange={(file) => void read(file)} accept=".csv,.json,.jsonl,.ndjson,.txt">
            {(button) => (
              <Button {...button} variant="default" leftSection={<IconUpload size={16} />}>
                Choose a file…
              </Button>
            )}
          </FileButton>
          <Text size="sm" c="dimmed">
            Nothing is stored.
          </Text>
        </Group>
      </Stack>
    </form>
  )
}
