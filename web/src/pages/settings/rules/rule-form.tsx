import {
  Button,
  Group,
  MultiSelect,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Dialog } from '../../../components/dialog.tsx'
import { useEnvironments } from '../../../components/environment-badge.tsx'
import { Prose } from '../../../components/prose.tsx'
import { type MatchKey, matchExamples, matchKeys, matchLabels, type Rule } from './draft.ts'

/** Edits one rule of the draft. Nothing is saved yet. */
export function RuleForm(props: {
  rule: Rule | null
  onDone: (rule: Rule) => void
  onClose: () => void
}) {
  return (
    <Dialog opened onClose={props.onClose} title={props.rule ? 'Edit rule' : 'Add rule'} size="lg">
      <Fields {...props} />
    </Dialog>
  )
}

function Fields(props: { rule: Rule | null; onDone: (rule: Rule) => void; onClose: () => void }) {
  const environments = useEnvironments()
  const [name, setName] = useState(props.rule?.name ?? '')
  const [match, setMatch] = useState<Rule['match']>(props.rule?.match ?? {})
  const [linked, setLinked] = useState<string[]>(props.rule?.environments ?? [])
  const [shown, setShown] = useState<MatchKey[]>(
    props.rule ? matchKeys.filter((key) => match[key]) : ['service'],
  )
  const [error, setError] = useState<string>()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    event.stopPropagation()
    const used = Object.fromEntries(
      shown.flatMap((key) => (match[key]?.length ? [[key, match[key]]] : [])),
    )
    if (Object.keys(used).length === 0) return setError('Set at least one condition.')
    const rule: Rule = { match: used, environments: linked }
    if (name.trim() !== '') rule.name = name.trim()
    props.onDone(rule)
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          label="Name"
          description="Optional"
          value={name}
          maxLength={100}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <Text size="sm" fw={500}>
          Conditions
        </Text>
        <Text size="sm" c="dimmed">
          <Prose text="All of them must match. `*` stands for any characters. Press Enter after each pattern." />
        </Text>
        {shown.map((key) => (
          <TagsInput
            key={key}
            label={matchLabels[key]}
            placeholder={match[key]?.length ? undefined : matchExamples[key]}
            value={match[key] ?? []}
            maxTags={100}
            acceptValueOnBlur
            onChange={(patterns) => {
              setError(undefined)
              setMatch((before) => ({ ...before, [key]: patterns }))
            }}
          />
        ))}
        {error && (
          <Text c="red" size="sm" role="alert">
            {error}
          </Text>
        )}
        <Select
          aria-label="Add condition"
          placeholder="Add condition…"
          value={null}
          data={matchKeys
            .filter((key) => !shown.includes(key))
            .map((key) => ({ value: key, label: matchLabels[key] }))}
          onChange={(key) => key && setShown([...shown, key as MatchKey])}
        />
        <MultiSelect
          label="Environments"
          description="Without any, matching changes belong to no environment."
          placeholder={linked.length === 0 ? 'None' : undefined}
          value={linked}
          onChange={setLinked}
          data={(environments.data ?? []).map((each) => ({ value: each.id, label: each.name }))}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            Cancel
          </Button>
          <Button type="submit">{props.rule ? 'Apply' : 'Add'}</Button>
        </Group>
      </Stack>
    </form>
  )
}
