import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { installOnce, run, toolsDir } from '../src/embedded/tools.ts'

/** Of the Java SDK, whose test server it is. */
const VERSION = '1.38.0'

/** Temporal's own site answers within this time or is taken for unreachable. Milliseconds. */
const PROBE_LIMIT = 5_000

/** An environment whose clock jumps to the next timer. Time is global to it: one a test file. */
export async function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const { path } = await ensureTimeSkippingServer(console)
  for (let attempt = 1; ; attempt++) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path } },
      })
    } catch (error) {
      // The SDK waits 5 s for the server, which Java may not start in on a busy machine.
      if (attempt === 5 || !`${error}`.includes('did not start within')) throw error
    }
  }
}

/**
 * Fetches the time-skipping test server unless it is there already: by the SDK's own download,
 * else, where only package repositories can be reached, through Maven, to be run by Java.
 *
 * @throws says what was tried and what can be installed
 */
export async function ensureTimeSkippingServer(
  log: Pick<Console, 'info'>,
): Promise<{ path: string }> {
  const directory = path.join(toolsDir(), `temporal-test-server-${VERSION}`)
  await installOnce(directory, {
    onWait: (pid) =>
      log.info(`Waiting for process ${pid}, which is downloading the time-skipping test server …`),
    install: async () => {
      log.info('Fetching the time-skipping test server …')
      const problems: string[] = []
      for (const fetchServer of [downloadThroughSdk, copyThroughMaven]) {
        try {
          return await fetchServer(directory)
        } catch (error) {
          problems.push((error as Error).message)
        }
      }
      throw new Error(
        `The time-skipping test server cannot be installed:\n${problems.map((text) => `- ${text}`).join('\n')}\n` +
          'Make temporal.download reachable, or install Java 11 or newer and Maven ' +
          '(Debian: default-jre-headless maven).',
      )
    },
  })
  return { path: path.join(directory, executableIn(directory)!) }
}

function executableIn(directory: string): string | undefined {
  return readdirSync(directory).find((name) => name.startsWith('temporal-test-server'))
}

async function downloadThroughSdk(directory: string): Promise<void> {
  const site = 'https://temporal.download'
  await fetch(site, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_LIMIT) }).catch((error) => {
    throw new Error(`${site} cannot be reached: ${error.cause?.message ?? error.message}`)
  })
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'cached-download', downloadDir: directory } },
  })
  await environment.teardown()
  if (!executableIn(directory)) throw new Error(`the SDK's download left nothing in ${directory}`)
}

async function copyThroughMaven(directory: string): Promise<void> {
  await run('java', ['-version'])
  const project = path.join(directory, 'pom.xml')
  writeFileSync(
    project,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion>
      <groupId>cairn</groupId>
      <artifactId>time-skipping</artifactId>
      <version>1</version>
      <dependencies>
        <dependency>
          <groupId>io.temporal</groupId>
          <artifactId>temporal-test-server</artifactId>
          <version>${VERSION}</version>
        </dependency>
        <!-- Without it every start complains that nothing takes the server's log lines. -->
        <dependency>
          <groupId>org.slf4j</groupId>
          <artifactId>slf4j-nop</artifactId>
          <version>1.7.36</version>
        </dependency>
      </dependencies>
    </project>`,
  )
  const jars = path.join(directory, 'jars')
  await run('mvn', [
    ...['--quiet', '--batch-mode', '--file', project, 'dependency:copy-dependencies'],
    ...['-DincludeScope=runtime', `-DoutputDirectory=${jars}`],
  ])
  const script = path.join(directory, 'temporal-test-server')
  writeFileSync(
    script,
    '#!/bin/sh\nexec java -cp "$(dirname "$0")/jars/*" io.temporal.testserver.TestServer "$@"\n',
  )
  chmodSync(script, 0o755)
}
