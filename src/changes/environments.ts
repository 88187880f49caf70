/**
 * Mantine's color names, in the order in which they are assigned to environments that are created
 * without a color.
 */
export const environmentColors = [
  'blue',
  'orange',
  'teal',
  'grape',
  'red',
  'lime',
  'indigo',
  'yellow',
  'cyan',
  'pink',
  'green',
  'violet',
  'gray',
] as const

export type EnvironmentColor = (typeof environmentColors)[number]
