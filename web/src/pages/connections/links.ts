/** The pages of connections, for links from pages that concern every source. */

export const connectionsPage = { to: '/integrations/aws' } as const

export function connectionPage(id: string) {
  return { to: '/integrations/aws/$id', params: { id } as never } as const
}
