import { Tabs } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'

/** The tabs of a page. On a phone they are on one line, which scrolls to the selected one. */
export function TabList(props: {
  label: string
  selected?: string | undefined
  mb?: string | undefined
  children: ReactNode
}) {
  const list = useRef<HTMLDivElement>(null)
  const { selected } = props
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another tab is selected
  useEffect(() => {
    const tab = list.current?.querySelector('[role=tab][aria-selected=true]')
    tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [selected])
  return (
    <Tabs.List ref={list} className="scrolling-tabs" mb={props.mb} aria-label={props.label}>
      {props.children}
    </Tabs.List>
  )
}
