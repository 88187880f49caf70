import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const usage = `Usage: npm run test:scale [-- OPTIONS]

  --rows N   number of changes (default 1000000)

Runs the tests that need many rows or many minutes: test/scale. Not part of npm test.`

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(usage)
} else if (!/^[1-9]\d{3,7}$/.test(values.rows)) {
  console.error(`--rows must be a number from 1000 to 99999999.\n\n${usage}`)
  process.exitCode = 2
} else {
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'scale'],
    { stdio: 'inherit', env: Object.assign({}, process.env, { SCALE_ROWS: values.rows }) },
  )
  process.exitCode = status ?? 1
}
