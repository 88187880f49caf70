import { Group, Text, VisuallyHidden } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPencil, IconTrash } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { EnvironmentBadge } from '../../../components/environment-badge.tsx'
import { moveItem } from '../../../components/move-item.ts'
import { RowAction } from '../../../components/row-action.tsx'
import { Row, Rows } from '../../../components/rows.tsx'
import { counted } from '../../../format.ts'
import { type DraftRule, describeMatch } from './draft.ts'

/** The rules in order. Moving works with the keyboard, and the button keeps the focus. */
export function RuleList(props: {
  rules: DraftRule[]
  /** Of the preview: how many changes each rule applies to. */
  counts: number[] | undefined
  onChange: (rules: DraftRule[]) => void
  onEdit: (rule: DraftRule) => void
}) {
  const { rules, onChange } = props
  const [said, setSaid] = useState('')
  const focusAfter = useRef<HTMLElement>(null)
  // Moving a row removes it from the page for a moment, and its button loses the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new order
  useEffect(() => {
    focusAfter.current?.focus()
    focusAfter.current = null
  }, [rules])
  return (
    <>
      <Rows label="Rules">
        {rules.map((each, place) => {
          const { rule, id } = each
          const title = rule.name ?? `Rule ${place + 1}`
          const move = (to: number, button: HTMLElement) => {
            if (to < 0 || to >= rules.length) return
            focusAfter.current = button
            setSaid(`${title} moved to position ${to + 1}.`)
            onChange(moveItem(rules, id, to))
          }
          return (
            <Row
              key={id}
              actions={
                <>
                  <RowAction
                    label="Move up"
                    name={`Move ${title} up`}
                    isDisabled={place === 0}
                    onClick={(button) => move(place - 1, button)}
                    icon={<IconArrowUp size={16} />}
                  />
                  <RowAction
                    label="Move down"
                    name={`Move ${title} down`}
                    isDisabled={place === rules.length - 1}
                    onClick={(button) => move(place + 1, button)}
                    icon={<IconArrowDown size={16} />}
                  />
                  <RowAction
                    label="Edit"
                    name={`Edit ${title}`}
                    onClick={() => props.onEdit(each)}
                    icon={<IconPencil size={16} />}
                  />
                  <RowAction
                    label="Remove"
                    name={`Remove ${title}`}
                    onClick={() => onChange(rules.filter((other) => other.id !== id))}
                    icon={<IconTrash size={16} />}
                  />
                </>
              }
            >
              <Group gap="xs">
                <Text fw={500}>
                  {place + 1}. <bdi>{title}</bdi>
                </Text>
                {rule.environments.length === 0 && <Text size="sm">No environment</Text>}
                {rule.environments.map((environment) => (
                  <EnvironmentBadge key={environment} id={environment} />
                ))}
              </Group>
              <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                <bdi>{describeMatch(rule.match)}</bdi>
                {props.counts?.[place] !== undefined &&
                  ` · applies to ${counted(props.counts[place], 'change')}`}
              </Text>
            </Row>
          )
        })}
      </Rows>
      <VisuallyHidden aria-live="polite">{said}</VisuallyHidden>
    </>
  )
}
