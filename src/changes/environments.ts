/** Mantine's names, in the order in which environments get them that were made without one. */
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
