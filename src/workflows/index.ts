export { connection } from './connection.ts'
export { installation } from './installation.ts'
export { reread } from './reread.ts'
