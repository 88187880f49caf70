export { connection } from './connection.ts'
export { installation } from './installation.ts'
