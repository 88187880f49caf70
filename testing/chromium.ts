import { readFileSync } from 'node:fs'
import path from 'node:path'
import { installOnce, run, toolsDir } from '../src/embedded/tools.ts'

const PACKAGE = import.meta.resolve('@sparticuz/chromium')

/**
 * Unpacks Chromium from its package unless that has been done.
 *
 * The package unpacks to a fixed path in the directory for temporary files. Of two processes, the
 * second one would start a program that the first is still writing, and a killed one would leave
 * half a program for ever. So it has a directory of its own here, and one process does it.
 *
 * @returns the path of the program
 */
export async function ensureChromium(log: Pick<Console, 'info'>): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', PACKAGE), 'utf8'))
  const directory = path.join(toolsDir(), `chromium-${version}`)
  await installOnce(directory, {
    onWait: (pid) => log.info(`Waiting for process ${pid}, which is unpacking Chromium …`),
    install: async () => {
      const unpack = `(await import(${JSON.stringify(PACKAGE)})).default.executablePath()`
      await run(process.execPath, ['--input-type=module', '--eval', `await ${unpack}`], {
        env: { ...process.env, TMPDIR: directory },
      })
    },
  })
  return path.join(directory, 'chromium')
}
