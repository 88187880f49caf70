import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../src/log.ts'
import { installTemporalRuntime } from '../../src/temporal/runtime.ts'
import { bundleWorkflows } from '../../src/temporal/workflow-bundle.ts'

/*
 * A current worker must be able to continue every workflow that an earlier release started.
 * test/histories/VERSION/ holds what the workflows of that release have done, in every state.
 *
 * - They are recorded from the commit that is released, by `node scripts/record-histories.ts`,
 *   after the version in package.json was raised. Never from a change under test: it would only
 *   agree with itself.
 * - After its release a version's histories are not edited or recorded again. When one does not
 *   replay, it is the change that is wrong: put it behind `patched()`.
 * - They may be removed when no workflow can be alive that such a release has begun: a run lasts a
 *   hundred cycles, but that of a paused connection lasts as long as the pause.
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
const histories = globSync('test/histories/*/*.json', { cwd: root }).sort()

async function replay(bundle: WorkflowBundle, files = histories): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>()
  const results = Worker.runReplayHistories(
    { workflowBundle: bundle },
    files.map((file) => ({
      workflowId: file,
      history: JSON.parse(readFileSync(path.join(root, file), 'utf8')),
    })),
  )
  for await (const { workflowId, error } of results) if (error) failed.set(workflowId, error)
  return failed
}

beforeAll(() => installTemporalRuntime(createLogger({ level: 'silent' })))

test('the workflows of earlier releases continue', async () => {
  expect(histories.length).toBeGreaterThan(10)
  expect(await replay(await bundleWorkflows())).toEqual(new Map())
})

describe('an incompatible change is detected', () => {
  let directory: string

  beforeAll(() => {
    // Inside the project, so that imports of packages resolve.
    mkdirSync(path.join(root, '.cache'), { recursive: true })
    directory = mkdtempSync(path.join(root, '.cache', 'replay-'))
  })

  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  /** The workflows as they would be after an edit of one of their files. */
  async function bundleEdited(
    file: string,
    edit: { from: string; to: string },
  ): Promise<WorkflowBundle> {
    const copy = mkdtempSync(path.join(directory, 'workflows-'))
    cpSync(path.join(root, 'src', 'workflows'), copy, { recursive: true })
    const source = readFileSync(path.join(copy, file), 'utf8')
    expect(source.split(edit.from), `once in ${file}: ${edit.from}`).toHaveLength(2)
    writeFileSync(path.join(copy, file), source.replace(edit.from, edit.to))
    return bundleWorkflowCode({
      workflowsPath: path.join(copy, 'index.ts'),
      logger: new DefaultLogger('ERROR'),
    })
  }

  test.each([
    {
      name: 'a timer before each cycle',
      file: 'connection.ts',
      from: '        cycles += 1\n        return withCycle(',
      to: "        cycles += 1\n        await condition(() => false, '1s')\n        return withCycle(",
    },
    {
      name: 'an activity more',
      file: 'connection.ts',
      from: 'return withSettings(state, await readRow())',
      to: 'await readRow()\n        return withSettings(state, await readRow())',
    },
    {
      name: 'importing before verifying',
      file: 'life.ts',
      from: '  const verification = currentVerification(state)\n  if (!verification || isDue',
      to: "  const verification = currentVerification(state)\n  if (isDue(nextPollAt, now)) return { do: 'import' }\n  if (!verification || isDue",
    },
    {
      name: 'a poll before the end of a run',
      file: 'life.ts',
      from: 'run.cycles >= limits.cycles',
      to: 'run.cycles > limits.cycles',
      only: 'continued-as-new',
    },
    {
      name: 'no cleaning up after re-reading',
      file: 'reread.ts',
      from: 'if (summary.isDone) await removeUnusedResources(work, { organizationId })\n',
      to: '\n',
      only: 'reread-',
    },
    {
      name: 'no pause after a failed turn of re-reading',
      file: 'reread.ts',
      from: 'await sleep(PAUSE_AFTER_FAILURE)',
      to: '',
      only: 'reread-failing-turn',
    },
  ])('$name', async ({ file, from, to, only }) => {
    const failed = await replay(await bundleEdited(file, { from, to }))
    expect(failed.size).toBeGreaterThan(0)
    for (const error of failed.values()) expect(error).toBeInstanceOf(DeterminismViolationError)
    if (only) expect([...failed.keys()].every((name) => name.includes(only))).toBe(true)
  })

  test('but a change of messages alone is compatible', async () => {
    const bundle = await bundleEdited('details.ts', {
      from: "'Last cycle'",
      to: "'Newest cycle'",
    })
    expect(await replay(bundle)).toEqual(new Map())
  })
})
