import { z } from 'zod'
import { userSchema } from '../person.ts'

/** The response to a request that signs in. */
export const signedIn = z.object({ user: userSchema })
