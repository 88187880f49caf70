import { Button, VisuallyHidden } from '@mantine/core'
import { IconArrowUp } from '@tabler/icons-react'
import { counted } from '../../format.ts'
import classes from './feed.module.css'

/** Announces changes that are not on the page. Its height stays the same, so that rows do not move. */
export function NewChangesBar(props: { count: number; isMore: boolean; onShow: () => void }) {
  const { count, isMore } = props
  return (
    <>
      <VisuallyHidden role="status">{count > 0 && 'New changes are available.'}</VisuallyHidden>
      <div className={classes.newBar}>
        {count > 0 && (
          <Button
            fullWidth
            size="xs"
            leftSection={<IconArrowUp size={14} aria-hidden />}
            onClick={props.onShow}
          >
            Show {counted(count, isMore ? 'or more new change' : 'new change')}
          </Button>
        )}
      </div>
    </>
  )
}
