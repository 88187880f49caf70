import { Group, Select, type SelectProps } from '@mantine/core'
import type { Environment } from '../client.ts'
import { EnvironmentDot } from './environment-badge.tsx'

export type Color = Environment['color']

/** Ordered so that neighbors are easy to distinguish. */
const colors: readonly Color[] = [
  'gray',
  'red',
  'orange',
  'yellow',
  'lime',
  'green',
  'teal',
  'cyan',
  'blue',
  'indigo',
  'violet',
  'grape',
  'pink',
]

const choices = colors.map((value) => ({
  value,
  label: value.charAt(0).toUpperCase() + value.slice(1),
}))

/** The color of an environment. Empty: the server selects one. */
export function ColorSelect(props: Omit<SelectProps, 'data' | 'renderOption'>) {
  return (
    <Select
      label="Color"
      data={choices}
      renderOption={({ option }) => (
        <Group gap="xs">
          <EnvironmentDot color={option.value} />
          {option.label}
        </Group>
      )}
      {...props}
    />
  )
}
