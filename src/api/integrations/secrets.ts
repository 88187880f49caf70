import { randomBytes } from 'node:crypto'
import type { EncryptedSecret } from '../../db/integrations.ts'
import type { IntegrationKind } from '../../integrations/integration.ts'
import type { SecretBox } from '../../integrations/secret-box.ts'
import { tokenHash } from '../../integrations/signature.ts'

/** 256 random bits, in characters that every form accepts. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** A secret as it is stored: Alertmanager's token is only compared, the others sign. */
export function encryptSecret(
  box: SecretBox,
  { kind, id, secret }: { kind: IntegrationKind; id: string; secret: string },
): EncryptedSecret {
  return kind === 'alertmanager'
    ? { tokenHash: tokenHash(secret) }
    : { encrypted: box.encrypt(secret, id) }
}
