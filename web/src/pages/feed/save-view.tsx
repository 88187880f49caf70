import { Button, Group, Stack, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { createView } from '../../client.ts'
import { Dialog } from '../../components/dialog.tsx'
import { FormError, fieldErrors } from '../../components/form-error.tsx'
import { queryOfView } from './saved-view.ts'
import type { FeedSearch } from './search.ts'

/** Saves the filters and the time range of the feed under a name. */
export function SaveView(props: { search: FeedSearch; onClose: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const save = useMutation({
    mutationFn: () => createView({ name, query: queryOfView(props.search), shared }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['views'] })
      props.onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <Dialog opened onClose={props.onClose} title="Save this view">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            required
            maxLength={100}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldErrors(save.error, ['name']).name}
          />
          <Switch
            label="Share with the organization"
            checked={shared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
          <FormError error={save.error} fields={['name']} />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
