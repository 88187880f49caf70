import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from './chromium.ts'
import { eventually } from './eventually.ts'

/** Chromium from the packages, for tests and pictures. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await ensureChromium(console),
    // Not the package's own: with its single process, closing one page ends the browser.
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--hide-scrollbars'],
    headless: true,
    // A limit for a hang: on a machine that runs two suites it starts in minutes.
    timeout: 240_000,
  })
}

let shared: Promise<Browser> | undefined

/**
 * One for all test files of this process, which ends it: a start takes seconds of processor time.
 * Each page has a context of its own. After a failed start or a crash, the next file starts another.
 */
export function sharedBrowser(): Promise<Browser> {
  shared ??= launchShared()
  return shared
}

async function launchShared(): Promise<Browser> {
  const forget = () => {
    shared = undefined
  }
  try {
    const browser = await launchBrowser()
    browser.on('disconnected', forget)
    return browser
  } catch (error) {
    forget()
    throw error
  }
}

/** The path of a file of this name, in a folder that is created. */
export function fileIn(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true })
  return path.join(folder, name)
}

/**
 * Takes the network from a page, and reports it. The browser can report it before it is true: then
 * the page could still open a stream, which stays open.
 */
export async function goOffline(page: Page): Promise<void> {
  await page.context().setOffline(true)
  const canRequest = `fetch('/healthz', { cache: 'no-store' }).then(() => true, () => false)`
  await eventually(
    () => page.evaluate<boolean>(canRequest),
    (can) => !can,
  )
  await page.evaluate(`dispatchEvent(new Event('offline'))`)
}
