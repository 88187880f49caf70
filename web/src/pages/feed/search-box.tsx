import { ActionIcon, Kbd, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch, IconX } from '@tabler/icons-react'
import { type RefObject, useState } from 'react'

export function SearchBox({
  ref,
  value,
  onChange,
}: {
  ref: RefObject<HTMLInputElement | null>
  value: string
  onChange: (q: string) => void
}) {
  const [text, setText] = useState(value)
  const [was, setWas] = useState(value)
  // The URL changed for another reason: the back button, a filter, a link.
  if (was !== value) {
    setWas(value)
    if (text.trim() !== value) setText(value)
  }
  const changeLater = useDebouncedCallback((next: string) => onChange(next), 350)
  const clear = () => {
    changeLater.cancel()
    setText('')
    if (value !== '') onChange('')
  }
  return (
    <TextInput
      ref={ref}
      size="xs"
      flex={1}
      miw={80}
      type="search"
      aria-label="Search changes"
      placeholder="Search changes"
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={
        text === '' ? (
          <Kbd size="xs" visibleFrom="sm">
            /
          </Kbd>
        ) : (
          <ActionIcon variant="subtle" color="gray" size={24} aria-label="Clear" onClick={clear}>
            <IconX size={14} />
          </ActionIcon>
        )
      }
      maxLength={200}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        changeLater(currentTarget.value.trim())
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') changeLater.flush()
        if (event.key !== 'Escape') return
        clear()
        event.currentTarget.blur()
      }}
    />
  )
}
