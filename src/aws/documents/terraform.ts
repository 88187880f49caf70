import { globSync, readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { type RoleDesign, usualName } from './role.ts'
import { quoted, type ShellCommand } from './shell.ts'

const folder = fileURLToPath(new URL('../../../infra/terraform/cairn-read-only/', import.meta.url))

/** The block that uses the module, and the output with the value to paste into Cairn. */
export function moduleBlock(role: RoleDesign): string {
  const inputs: [string, string][] = [
    ['external_id', role.externalId],
    ['principal_arn', role.principalArn],
  ]
  if (role.name !== usualName) inputs.push(['name', role.name])
  if (role.path !== '/') inputs.push(['path', role.path])
  const width = Math.max(...inputs.map(([name]) => name.length))
  return `module "cairn_read_only" {
  source = "./cairn-read-only"

${inputs.map(([name, value]) => `  ${name.padEnd(width)} = ${JSON.stringify(value)}`).join('\n')}
}

output "cairn_role_arn" {
  description = "Paste this into Cairn."
  value       = module.cairn_read_only.role_arn
}
`
}

/** External IDs by account ID, as the argument of a `for_each`. */
export function externalIdMap(externalIds: Record<string, string>): string {
  const lines = Object.entries(externalIds).map(
    ([accountId, externalId]) => `    "${accountId}" = ${JSON.stringify(externalId)}`,
  )
  return `locals {\n  cairn_external_ids = {\n${lines.join('\n')}\n  }\n}\n`
}

/** @param url the URL of the module's download, which requires an API key */
export function terraformCommands(url: string): ShellCommand[] {
  return [
    {
      title: 'Download the module next to the file with the block',
      command: `curl -fsS -H "Authorization: Bearer $CAIRN_API_KEY" ${quoted(url)} | tar -xz`,
    },
    { title: 'Apply', command: 'terraform init\nterraform apply' },
    {
      title: 'Show the role ARN',
      command: 'terraform output -raw cairn_role_arn',
    },
  ]
}

/**
 * The module as one file, to unpack next to other modules or to publish in a registry. The copy
 * trusts this Cairn by default, so only the external ID remains to be set.
 *
 * @returns a `tar.gz` whose bytes depend only on the principal and the module
 */
export async function moduleArchive(principalArn: string): Promise<Buffer> {
  const tar = pack()
  for (const name of globSync('**/*.{tf,md}', { cwd: folder }).sort()) {
    let text = readFileSync(folder + name, 'utf8')
    if (name === 'variables.tf') text = withPrincipal(text, principalArn)
    tar.entry({ name: `cairn-read-only/${name.replaceAll('\\', '/')}`, mtime: new Date(0) }, text)
  }
  tar.finalize()
  return gzipSync(await buffer(tar))
}

/** @throws Error if the module's variable is not in its expected place */
export function withPrincipal(variables: string, principalArn: string): string {
  const found = /(variable "principal_arn" \{[^}]*?\n\s*default\s*=\s*)null\n/.exec(variables)
  if (!found) throw new Error('variables.tf has no variable "principal_arn" with "default = null"')
  return variables.replace(found[0], () => `${found[1]}${JSON.stringify(principalArn)}\n`)
}
