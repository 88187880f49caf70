import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import {
  getEnvironmentRules,
  previewEnvironmentRules,
  saveEnvironmentRules,
} from '../../../client.ts'
import { refreshEnvironments } from '../../../components/environment-badge.tsx'
import { FormError } from '../../../components/form-error.tsx'
import { EmptyState, ErrorState, Loading } from '../../../components/states.tsx'
import { type Draft, type DraftRule, isChanged, toDraft, toDraftRule, toRules } from './draft.ts'
import { PreviewResult } from './preview.tsx'
import { RelinkStatus } from './relink-progress.tsx'
import { RuleForm } from './rule-form.tsx'
import { RuleList } from './rule-list.tsx'

const queryKey = ['environment-rules']
const DAYS = 7

/** The ordered rules that link changes to environments: edited as a draft, previewed, saved. */
export function EnvironmentRulesSettings() {
  const client = useQueryClient()
  const saved = useQuery({
    queryKey,
    queryFn: () => getEnvironmentRules(),
    refetchInterval: ({ state }) => (state.data?.relink.state === 'running' ? 1_000 : false),
  })
  const isRunning = saved.data?.relink.state === 'running'
  const wasRunning = useRef(false)
  useEffect(() => {
    if (wasRunning.current && !isRunning) void refreshEnvironments(client)
    wasRunning.current = isRunning
  }, [isRunning, client])
  const [edited, setEdited] = useState<Draft>()
  const [open, setOpen] = useState<DraftRule | 'new'>()
  const preview = useMutation({
    mutationFn: (draft: Draft) => previewEnvironmentRules({ ...toRules(draft), days: DAYS }),
    meta: { errorTitle: 'Cannot preview the rules' },
  })
  const save = useMutation({
    mutationFn: (draft: Draft) =>
      saveEnvironmentRules({ version: draft.version, ...toRules(draft) }),
    onSuccess: (rules) => {
      client.setQueryData(queryKey, rules)
      setEdited(undefined)
      preview.reset()
    },
  })
  if (saved.isPending) return <Loading label="Loading the rules" />
  if (!saved.data) return <ErrorState error={saved.error} retry={() => saved.refetch()} />
  const draft = edited ?? toDraft(saved.data)
  const change = (next: Partial<Draft>) => {
    preview.reset()
    save.reset()
    setEdited({ version: draft.version, mode: draft.mode, rules: draft.rules, ...next })
  }
  const discard = () => {
    setEdited(undefined)
    preview.reset()
    save.reset()
    void saved.refetch()
  }
  const isDirty = edited !== undefined && isChanged(edited, saved.data)
  return (
    <Stack>
      <Text size="sm">
        Rules assign changes to environments. Environments that a change itself names come first,
        then these rules, then the default environment of its connection.
      </Text>
      <Group gap="sm">
        <SegmentedControl
          aria-label="Which rules apply"
          value={draft.mode}
          onChange={(mode) => change({ mode: mode as Draft['mode'] })}
          data={[
            { value: 'first', label: 'First matching rule' },
            { value: 'all', label: 'All matching rules' },
          ]}
        />
        <Button variant="default" onClick={() => setOpen('new')}>
          Add rule
        </Button>
      </Group>
      <RelinkStatus relink={saved.data.relink} />
      {draft.rules.length === 0 ? (
        <EmptyState title="No rules yet">
          Without rules, changes belong to the default environment of their connection.
        </EmptyState>
      ) : (
        <RuleList
          rules={draft.rules}
          counts={preview.data?.byRule}
          onChange={(rules) => change({ rules })}
          onEdit={setOpen}
        />
      )}
      {preview.data && <PreviewResult preview={preview.data} days={DAYS} />}
      <FormError error={save.error} />
      <Group>
        <Button variant="default" loading={preview.isPending} onClick={() => preview.mutate(draft)}>
          Preview
        </Button>
        <Button disabled={!isDirty} loading={save.isPending} onClick={() => save.mutate(draft)}>
          Save
        </Button>
        {isDirty && (
          <Button variant="subtle" onClick={discard}>
            Discard changes
          </Button>
        )}
      </Group>
      {open && (
        <RuleForm
          rule={open === 'new' ? null : open.rule}
          onClose={() => setOpen(undefined)}
          onDone={(rule) => {
            setOpen(undefined)
            const rules =
              open === 'new'
                ? [...draft.rules, toDraftRule(rule)]
                : draft.rules.map((each) => (each.id === open.id ? { id: each.id, rule } : each))
            change({ rules })
          }}
        />
      )}
    </Stack>
  )
}
