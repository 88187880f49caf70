import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** The dark scheme has the same elements in other colors: only these rules can differ. */
const RULES_OF_COLORS = ['color-contrast', 'link-in-text-block']

/** WCAG 2.2 AA. https://www.deque.com/axe/core-documentation/api-documentation/#axecore-tags */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Fails the test for each violation of WCAG 2.2 AA that axe finds, in the light and the dark scheme. */
export async function expectNoViolations(page: Page, what: string): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor()
    const rules = scheme === 'light' ? TAGS : RULES_OF_COLORS
    // On a busy machine, a transition may still run: what stays is a violation.
    let found = await violations(page, rules)
    for (let tries = 0; found.length > 0 && tries < 5; tries++) {
      await page.evaluate(
        'Promise.allSettled(document.getAnimations().map((each) => each.finished))',
      )
      found = await violations(page, rules)
    }
    expect.soft(found, `${what}, ${scheme}`).toEqual([])
  }
}

/**
 * The rule, the element and the reason of each violation: short enough to read in a failure.
 *
 * Runs axe without `@axe-core/playwright`, which loads the script for each analysis and describes
 * what passes as well: that takes three times the processor time.
 */
async function violations(page: Page, rules: string[]): Promise<string[]> {
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axe.source)
  const options = {
    runOnly: rules,
    resultTypes: ['violations'],
    // Style sheets and media, which no rule needs that applies to these pages.
    preload: false,
  }
  const found = await page.evaluate<axe.Result[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  )
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => {
      const why = failureSummary?.split('\n')[1]?.trim()
      return `${id} at ${target.join(' ')}: ${why}`
    }),
  )
}
