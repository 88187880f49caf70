import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core'
import { IconCheck, IconMinus } from '@tabler/icons-react'
import { memo, useState } from 'react'
import { type FilterField, filterOf } from '../../../../src/changes/filters.ts'
import { number } from '../../format.ts'
import { cut } from './entries.ts'
import { fullValue } from './facet-search.ts'
import classes from './feed.module.css'

export type OnToggle = (field: FilterField, value: string, how: 'include' | 'exclude') => void

/** A value of a field with its count, and the button that excludes it. */
export const FacetValue = memo(function FacetValue(props: {
  field: FilterField
  value: string
  label: string
  count: number
  isIncluded: boolean
  isExcluded: boolean
  onToggle: OnToggle
}) {
  const { field, value, label, isExcluded } = props
  const isNegatable = filterOf(field).negatable
  // The frame after the click shows the choice. The list, which takes longer, follows it.
  const [chosen, setChosen] = useState<boolean>()
  const [before, setBefore] = useState(props.isIncluded)
  if (before !== props.isIncluded) {
    setBefore(props.isIncluded)
    setChosen(undefined)
  }
  const isIncluded = chosen ?? props.isIncluded
  const include = () => {
    setChosen(!props.isIncluded)
    afterPaint(() => props.onToggle(field, value, 'include'))
  }
  const exclude = () => props.onToggle(field, value, 'exclude')
  return (
    <div className={classes.facet}>
      <UnstyledButton
        className={classes.facetValue}
        aria-pressed={isIncluded}
        title={fullValue({ value, label })}
        onClick={(event) => (event.altKey && isNegatable ? exclude() : include())}
      >
        {isIncluded && <IconCheck size={14} aria-hidden />}
        <bdi className={`${classes.facetName} ${isExcluded ? classes.out : ''}`}>
          {cut(label, 120)}
        </bdi>
        <span className={classes.facetCount}>{number(props.count)}</span>
      </UnstyledButton>
      {isNegatable && (
        <Tooltip label={isExcluded ? 'Remove exclusion' : 'Exclude'} withArrow openDelay={400}>
          <ActionIcon
            variant={isExcluded ? 'light' : 'subtle'}
            color={isExcluded ? 'red' : 'gray'}
            size={24}
            aria-pressed={isExcluded}
            aria-label={`Exclude ${cut(label, 80)}`}
            onClick={exclude}
          >
            <IconMinus size={14} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  )
})

function afterPaint(run: () => void): void {
  requestAnimationFrame(() => setTimeout(run))
}
