/** The states that `npm run screenshots` shows: how to reach each, and how to recognize it. */

import type { Locator, Page } from 'playwright-core'
import { goOffline } from '../../testing/browser.ts'
import { eventually } from '../../testing/eventually.ts'
import { tabs } from '../../web/src/pages/settings/search.ts'
import type { Scene } from './scene.ts'

/** A page, how to bring it into its state, and how to recognize that state. */
export interface Picture {
  name: string
  to: string
  /** Default: the owner's session. */
  signedIn?: false
  /** More than what fits on the screen. */
  whole?: true
  /** Only on screens of this size. */
  only?: 'wide' | 'narrow'
  prepare(page: Page): Promise<unknown>
  /** What of the page is shown; default all of it. */
  part?(page: Page): Locator
  /** Undoes what outlives the page. */
  after?(page: Page): Promise<unknown>
}

const heading = (name: string | RegExp) => async (page: Page) => {
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await settled(page)
}
const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name }).first().click()
const list = (page: Page) => page.getByRole('list', { name: 'Changes', exact: true })

/** Waits until the page is there and loads nothing: no skeleton, no spinner instead of a part. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  const loading = page.locator('[aria-busy=true], .mantine-Skeleton-root, .mantine-Loader-root')
  await eventually(
    () => loading.count(),
    (count) => count === 0,
  )
}

/** Of an installation that was just started, without AWS credentials. */
export const withoutCredentials: Picture[] = [
  { name: 'no-credentials', to: '/', prepare: (page) => page.getByText('No AWS cred').waitFor() },
  {
    name: 'no-credentials-integrations',
    to: '/integrations',
    prepare: (page) => page.getByText('Cairn cannot connect accounts').waitFor(),
  },
]

/** Before anything is connected. */
export const empty: Picture[] = [
  {
    name: 'empty-feed',
    to: '/',
    prepare: (page) => page.getByText('Connect an account').waitFor(),
  },
  { name: 'empty-incidents', to: '/incidents', prepare: heading('Incidents') },
  { name: 'empty-integrations', to: '/integrations', prepare: heading('Integrations') },
  {
    name: 'connect-account',
    to: '/integrations',
    async prepare(page) {
      await button(page, 'Connect account')
      await page.getByRole('dialog').getByRole('textbox').first().waitFor()
    },
  },
]

/** While the first account is imported. */
export const importing = (connectionId: string): Picture[] => [
  {
    name: 'backfill-feed',
    to: '/',
    async prepare(page) {
      await page.getByRole('progressbar', { name: 'Imported share of the lookback' }).waitFor()
      await list(page).getByRole('listitem').first().waitFor()
    },
  },
  {
    name: 'backfill-connection',
    to: `/integrations/aws/${connectionId}`,
    prepare: (page) => page.getByRole('progressbar', { name: 'Import progress' }).waitFor(),
  },
]

export function complete(scene: Scene): Picture[] {
  return [...signedOut(scene), ...feed(scene), ...incidents(scene), ...settings, ...sources(scene)]
}

const signedOut = ({ resetPath, invitationPath }: Scene): Picture[] => [
  { name: 'sign-in', to: '/sign-in', signedIn: false, prepare: heading('Sign in') },
  {
    name: 'sign-in-error',
    to: '/sign-in',
    signedIn: false,
    async prepare(page) {
      await page.getByRole('textbox', { name: 'Email' }).fill('ada@example.com')
      await page.getByRole('textbox', { name: 'Password' }).fill('not the password')
      await button(page, /^Sign in$/)
      await page.getByRole('alert').first().waitFor()
    },
  },
  {
    name: 'reset-password',
    to: resetPath,
    signedIn: false,
    prepare: heading('Set a new password'),
  },
  {
    name: 'accept-invitation',
    to: invitationPath,
    signedIn: false,
    prepare: (page) => page.getByRole('textbox', { name: 'Name' }).waitFor(),
  },
]

const feed = (scene: Scene): Picture[] => [
  {
    name: 'feed',
    to: '/',
    async prepare(page) {
      await list(page).getByRole('button', { expanded: false }).first().click()
      await list(page).getByRole('listitem').getByRole('listitem').first().waitFor()
      await settled(page)
    },
  },
  {
    name: 'feed-panel',
    to: `/?change=${scene.largestChange}`,
    only: 'wide',
    async prepare(page) {
      await list(page).getByRole('listitem').first().waitFor()
      await page.getByRole('complementary', { name: 'Change' }).getByText('Details').waitFor()
      await settled(page)
    },
  },
  {
    name: 'feed-filtered',
    to: '/?range=7d&risk=%5B%22network%22%5D&noise=shown&q=security',
    prepare: settled,
  },
  {
    name: 'feed-no-results',
    to: '/?q=no-such-resource&service=%5B%22rds%22%5D&range=1h',
    prepare: (page) => page.getByRole('heading', { name: 'No matching changes' }).waitFor(),
  },
  {
    name: 'feed-no-data',
    to: `/?connection=${scene.awaiting}`,
    prepare: (page) => page.getByRole('heading', { name: 'No data yet' }).waitFor(),
  },
  {
    name: 'feed-range',
    to: '/',
    async prepare(page) {
      await list(page).getByRole('listitem').first().waitFor()
      await button(page, /^Custom/)
      await page.getByRole('textbox', { name: 'From' }).waitFor()
    },
  },
  {
    name: 'feed-views',
    to: '/',
    async prepare(page) {
      await list(page).getByRole('listitem').first().waitFor()
      await button(page, 'Views')
      await page.getByRole('menuitem', { name: 'Public access' }).waitFor()
    },
  },
  {
    name: 'feed-export',
    to: '/',
    async prepare(page) {
      await list(page).getByRole('listitem').first().waitFor()
      await button(page, 'Export')
      await page.getByRole('menuitem', { name: 'Download CSV' }).waitFor()
    },
  },
  {
    name: 'feed-filters-sheet',
    to: '/',
    only: 'narrow',
    async prepare(page) {
      await list(page).getByRole('listitem').first().waitFor()
      await button(page, /^Filters/)
      const filters = page.getByRole('dialog', { name: 'Filters' })
      await filters.getByRole('region').first().waitFor()
    },
  },
  {
    name: 'shortcuts',
    to: '/',
    only: 'wide',
    async prepare(page) {
      await list(page).getByRole('listitem').first().waitFor()
      await button(page, 'Keyboard shortcuts')
      await page.getByRole('dialog').getByText('Next row').waitFor()
    },
  },
  {
    name: 'feed-offline',
    to: '/',
    async prepare(page) {
      await list(page).getByRole('listitem').first().waitFor()
      await settled(page)
      await goOffline(page)
      await page.getByText('Connection lost').waitFor()
    },
    after: (page) => page.context().setOffline(false),
  },
  {
    name: 'feed-error',
    to: '/settings',
    async prepare(page) {
      const refused = { status: 500, json: { title: 'Internal error', detail: 'See the log.' } }
      await page.route('**/api/v1/change-sets?*', (route) => route.fulfill(refused))
      await page.goto('/')
      await page.getByRole('button', { name: 'Retry' }).first().waitFor()
    },
    after: (page) => page.unrouteAll({ behavior: 'ignoreErrors' }),
  },
  {
    name: 'change',
    to: `/changes/${scene.largestChange}`,
    whole: true,
    async prepare(page) {
      await button(page, 'Show event')
      await page.getByRole('heading', { name: 'Request', exact: true }).waitFor()
      await settled(page)
    },
  },
  { name: 'change-denied', to: `/changes/${scene.deniedChange}`, prepare: settled },
  { name: 'change-github', to: `/changes/${scene.gitHubChange}`, prepare: settled },
  {
    name: 'change-unknown',
    to: '/changes/01980000-0000-7000-8000-000000000000',
    prepare: (page) => page.getByRole('heading', { name: /not found/ }).waitFor(),
  },
  {
    name: 'not-found',
    to: '/no/such/page',
    prepare: (page) => page.getByRole('heading', { name: 'Page not found' }).waitFor(),
  },
]

const incidents = (scene: Scene): Picture[] => [
  {
    name: 'incidents',
    to: '/incidents',
    prepare: (page) => page.getByRole('table').getByRole('link').first().waitFor(),
  },
  {
    name: 'incident',
    to: `/incidents/${scene.incident}`,
    whole: true,
    async prepare(page) {
      await page.getByRole('list', { name: 'Suspects' }).waitFor()
      await settled(page)
    },
  },
  {
    name: 'incident-abstention',
    to: `/incidents/${scene.unexplained}`,
    whole: true,
    async prepare(page) {
      await page.getByText('Cairn cannot see').waitFor()
      await settled(page)
    },
  },
  {
    name: 'incident-preview',
    to: `/incidents/preview?at=${scene.noticedAt}`,
    async prepare(page) {
      await heading(/What changed before/)(page)
      await settled(page)
    },
  },
  { name: 'backtest-empty', to: '/incidents/backtest', prepare: heading('Backtest') },
  {
    name: 'backtest',
    to: '/incidents/backtest',
    whole: true,
    async prepare(page) {
      const rows = [
        'time,environment,title,cause',
        `${scene.noticedAt},Production,checkout: 5xx above 5 %,port 5432`,
        `${new Date(Date.parse(scene.noticedAt) - 40 * 3_600_000).toISOString()},Production,search: p99 latency above 2 s,`,
      ]
      await page.getByRole('textbox', { name: 'Past incidents' }).fill(rows.join('\n'))
      await button(page, 'Rank 2 incidents')
      await page.getByRole('table', { name: 'Results' }).getByRole('row').nth(2).waitFor()
      await settled(page)
    },
  },
  {
    name: 'something-broke',
    to: '/incidents',
    async prepare(page) {
      await button(page, 'Something broke…')
      await page.getByRole('dialog').getByRole('textbox', { name: 'Incident time' }).waitFor()
    },
  },
]

const settings: Picture[] = [
  ...tabs.map((tab) => ({ name: `settings-${tab}`, to: `/settings?tab=${tab}`, prepare: settled })),
  {
    name: 'settings-rule-form',
    to: '/settings?tab=environment-rules',
    async prepare(page) {
      await button(page, 'Add rule')
      await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).waitFor()
    },
  },
]

const sources = (scene: Scene): Picture[] => [
  {
    name: 'integrations',
    to: '/integrations',
    whole: true,
    prepare: (page) => page.getByText('3 accounts').waitFor(),
  },
  {
    name: 'integration-github',
    to: `/integrations/webhooks/${scene.gitHub}`,
    whole: true,
    prepare: settled,
  },
  {
    name: 'delivery',
    to: `/integrations/webhooks/${scene.gitHub}`,
    async prepare(page) {
      await page.getByRole('row').nth(1).getByRole('button').click()
      await page.getByRole('dialog', { name: 'Delivery' }).getByText('attempts').waitFor()
    },
  },
  { name: 'deploys', to: '/integrations/deploys', whole: true, prepare: settled },
  {
    name: 'connections',
    to: '/integrations/aws',
    prepare: (page) => page.getByRole('link', { name: 'Data platform' }).waitFor(),
  },
  ...['Terraform', 'CloudFormation', 'AWS CLI', 'JSON policies'].map((name) => ({
    name: `connection-setup-${name.toLowerCase().replace(' ', '-')}`,
    whole: true as const,
    to: `/integrations/aws/${scene.awaiting}`,
    async prepare(page: Page) {
      await page.getByRole('tab', { name }).click()
      await page.getByRole('tabpanel', { name }).waitFor()
      await settled(page)
    },
  })),
  {
    name: 'connection-failed',
    to: `/integrations/aws/${scene.failed}`,
    whole: true,
    async prepare(page) {
      await page.getByText('How to fix:').first().waitFor()
      await settled(page)
    },
  },
  {
    name: 'verification-failed',
    to: `/integrations/aws/${scene.failed}`,
    whole: true,
    async prepare(page) {
      await page.getByText('How to fix:').first().waitFor()
      await settled(page)
    },
    part: (page) => page.getByRole('region', { name: /^Verification/ }),
  },
  {
    name: 'connection-complete',
    to: `/integrations/aws/${scene.complete}`,
    whole: true,
    async prepare(page) {
      await page.getByRole('region', { name: 'Imported' }).waitFor()
      await settled(page)
    },
  },
]
