import { HttpError } from '@oazapfts/runtime'

export interface Me {
  user: { id: string; name: string; email: string } | null
  organization: { id: string; name: string }
  role: 'owner' | 'member' | null
  temporalUrl: string | null
  demo: boolean
  version: string
}

export async function getMe(): Promise<Me> {
  const response = await fetch('/api/v1/me')
  const body = await response.json()
  if (!response.ok) throw new HttpError(response.status, body, response.headers)
  return body
}
