import { Button, Group, Stack, TagsInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { fieldErrorAt } from '../../api.ts'
import { type Incident, updateIncident } from '../../client.ts'
import { EnvironmentSelect } from '../../components/environment-select.tsx'
import { FormError } from '../../components/form-error.tsx'
import { entryOf, type TimeEntry, TimeField } from '../../components/time-field.tsx'

/** The title, the times, the environment and the services of an incident. */
export function EditIncident({ incident, onDone }: { incident: Incident; onDone: () => void }) {
  const client = useQueryClient()
  const [title, setTitle] = useState(incident.title)
  const [noticed, setNoticed] = useState(entryOf(new Date(incident.noticedAt)))
  const [started, setStarted] = useState(entryOf(toDate(incident.startedAt)))
  const [after, setAfter] = useState(entryOf(toDate(incident.startedAfter)))
  const [environmentId, setEnvironmentId] = useState(incident.environmentId)
  const [services, setServices] = useState(incident.services)
  const update = useMutation({
    // Only what was changed, so that alerts still update the rest.
    mutationFn: () =>
      updateIncident(incident.id, {
        ...(title !== incident.title && { title }),
        ...(isMoved(noticed, incident.noticedAt) && { noticedAt: noticed.time!.toISOString() }),
        ...(isMoved(started, incident.startedAt) && { startedAt: toText(started) }),
        ...(isMoved(after, incident.startedAfter) && { startedAfter: toText(after) }),
        ...(environmentId !== incident.environmentId && { environmentId }),
        ...(services.join('\n') !== incident.services.join('\n') && { services }),
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['incidents'] })
      onDone()
    },
  })
  const isReady =
    title.trim() !== '' && noticed.time !== null && isReadable(started) && isReadable(after)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady) update.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Title"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          maxLength={300}
          required
          error={fieldErrorAt(update.error, '/title')}
        />
        <TimeField
          label="Noticed"
          entry={noticed}
          onChange={setNoticed}
          error={fieldErrorAt(update.error, '/noticedAt')}
        />
        <TimeField
          label="Started"
          description="Leave empty if the start is unknown."
          optional
          entry={started}
          onChange={setStarted}
          error={fieldErrorAt(update.error, '/startedAt')}
        />
        <TimeField
          label="Started after"
          description="The last time it was known to work."
          optional
          entry={after}
          onChange={setAfter}
          error={fieldErrorAt(update.error, '/startedAfter')}
        />
        <EnvironmentSelect
          value={environmentId}
          onChange={setEnvironmentId}
          error={fieldErrorAt(update.error, '/environmentId')}
        />
        <TagsInput
          label="Services"
          description="Press Enter after each name."
          value={services}
          onChange={setServices}
          maxTags={50}
        />
        {update.isError && <FormError error={update.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={update.isPending} disabled={!isReady}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const toDate = (text: string | null) => (text === null ? null : new Date(text))
const toText = ({ time }: TimeEntry) => time?.toISOString() ?? null
const isReadable = ({ text, time }: TimeEntry) => text.trim() === '' || time !== null

function isMoved({ time }: TimeEntry, before: string | null): boolean {
  return (time?.getTime() ?? null) !== (toDate(before)?.getTime() ?? null)
}
