import { type Kysely, sql } from 'kysely'

/** The secrets of integrations and the tokens of recovery are named as the code names them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE integration_secrets RENAME COLUMN sealed TO encrypted;
    ALTER TABLE delivery_recoveries RENAME COLUMN sealed TO encrypted;
  `.execute(db)
}
