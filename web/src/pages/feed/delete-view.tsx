import { useQueryClient } from '@tanstack/react-query'
import { deleteView, type SavedView } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'

/** Confirms the deletion of a saved view. */
export function DeleteView({ view, onClose }: { view: SavedView; onClose: () => void }) {
  const client = useQueryClient()
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Delete this view?"
      action="Delete"
      onConfirm={async () => {
        await deleteView(view.id)
        await client.invalidateQueries({ queryKey: ['views'] })
      }}
    >
      <bdi>{view.name}</bdi>
      {view.shared && ' is also removed for everyone else in the organization.'}
    </Confirm>
  )
}
