export { connection } from './connection.ts'
export { installation } from './installation.ts'
export { relink } from './relink.ts'
export { reread } from './reread.ts'
