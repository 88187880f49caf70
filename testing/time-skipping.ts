import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import getPort from 'get-port'
import { installOnce, run, toolsDir } from '../src/embedded/tools.ts'

/** Of the Java SDK, whose test server it is. */
const VERSION = '1.38.0'
/** Changes when an installation of the same version has other contents. */
const INSTALLATION = 2

/** Temporal's own site answers within this time or is taken for unreachable. Milliseconds. */
const PROBE_LIMIT = 5_000

const MAX_STARTS = 20
const PAUSE_MS = 2_000

const MAIN_CLASS = 'io.temporal.testserver.TestServer'
/** A short-lived process gains nothing from an optimizing compiler or a concurrent collector. */
const QUICK_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

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
      if (attempt === MAX_STARTS || !`${error}`.includes('did not start within')) throw error
      await sleep(PAUSE_MS)
    }
  }
}

/**
 * Fetches the time-skipping test server unless it is there already: by the SDK's own download,
 * else, where only package repositories can be reached, through Maven, to be run by Java.
 *
 * @throws with the attempts and what can be installed
 */
export async function ensureTimeSkippingServer(
  log: Pick<Console, 'info'>,
): Promise<{ path: string }> {
  const directory = path.join(toolsDir(), `temporal-test-server-${VERSION}-${INSTALLATION}`)
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
    '--quiet',
    '--batch-mode',
    '--file',
    project,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${jars}`,
  ])
  const java = `java ${QUICK_START.join(' ')} -XX:SharedArchiveFile="$here/classes.jsa"`
  const script = path.join(directory, 'temporal-test-server')
  writeFileSync(
    script,
    `#!/bin/sh\nhere="$(dirname "$0")"\nexec ${java} -cp "$here/jars/*" ${MAIN_CLASS} "$@"\n`,
  )
  chmodSync(script, 0o755)
  await archiveClasses(directory)
}

/**
 * Archives the classes that the server loads at start, which then takes a fifth of the time: the
 * SDK waits only 5 s for it. Java ignores an archive that is missing or that it cannot use.
 */
async function archiveClasses(directory: string): Promise<void> {
  const archive = path.join(directory, 'classes.jsa')
  const port = await getPort()
  // Java before 13 does not know the option, and ends immediately.
  const server = spawn(
    'java',
    [
      ...[...QUICK_START, `-XX:ArchiveClassesAtExit=${archive}`],
      '-cp',
      path.join(directory, 'jars/*'),
      MAIN_CLASS,
      `${port}`,
    ],
    { stdio: 'ignore' },
  )
  const leave = () => server.kill()
  process.once('exit', leave)
  const ended = once(server, 'close').finally(() => process.off('exit', leave))
  while (server.exitCode === null && !(await isListening(port))) await sleep(100)
  server.kill('SIGTERM')
  await ended
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
