import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { type TestContext, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const template = readFileSync(path.join(root, 'infra/cloudformation/cairn-read-only.yaml'), 'utf8')

/** `npm run demo` on an account of three events, with its stack created from `text`. */
async function demoWith(
  text: string,
  { onTestFinished }: TestContext,
): Promise<{ code: number; output: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cairn-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, content: string) => {
    writeFileSync(path.join(folder, name), content)
    return path.join(folder, name)
  }
  const records = [1, 2, 3].map((second) =>
    JSON.stringify({
      eventVersion: '1.09',
      eventID: crypto.randomUUID(),
      eventTime: `2026-01-01T12:00:0${second}Z`,
      eventSource: 'ec2.amazonaws.com',
      eventName: 'StopInstances',
      awsRegion: 'eu-west-1',
      readOnly: false,
      userIdentity: { type: 'Root', accountId: '123456789012' },
      recipientAccountId: '123456789012',
    }),
  )
  const args = [
    ...['scripts/demo.ts', '--exit-when-imported'],
    ...['--records', file('records.jsonl', records.join('\n'))],
    ...['--template', file('template.yaml', text)],
  ]
  const { HOME, PATH, TMPDIR } = process.env
  const env = { HOME, PATH, TMPDIR, CAIRN_DATA_DIR: path.join(folder, 'data') }
  const running = promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 100_000 })
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
  )
}

test.concurrent('the demo creates its role from the bytes of the template, which pass', async (context) => {
  const { expect } = context
  const { code, output } = await demoWith(template, context)
  expect(output).toContain('"held":3,"wanted":3,"imported":3,"missing":0,"duplicate":0')
  expect(code).toBe(0)
}, 120_000)

test.concurrent("without the template's condition, the demo's verification fails", async (context) => {
  const { expect } = context
  const condition = /\n +Condition:\n +StringEquals:\n +sts:ExternalId: !Ref ExternalId(?=\n)/
  const { code, output } = await demoWith(template.replace(condition, ''), context)
  expect(template).toMatch(condition)
  expect(output).toMatch(/action_needed \(Not safe: .*refused_without_id/)
  expect(output).not.toContain('"imported"')
  expect(code).not.toBe(0)
}, 120_000)
