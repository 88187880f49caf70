import { expect, test } from 'vitest'
import { overflowOf, useWeb } from '../../testing/web.ts'

// As on a laptop where nothing is configured.
const web = useWeb({
  embedded: true,
  env: {
    AWS_ACCESS_KEY_ID: '',
    AWS_SECRET_ACCESS_KEY: '',
    AWS_SESSION_TOKEN: '',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  },
})

test('without AWS credentials, every page shows it and verifications are disabled', async () => {
  await web.makeOwner()
  const page = await web.open('/')
  const banner = page.getByRole('status', { name: 'AWS credentials' })
  for (const to of ['/', '/integrations', '/integrations/aws', '/settings']) {
    await page.goto(to)
    await banner.getByText('No AWS credentials').waitFor()
    await banner.getByText('Set AWS_PROFILE and restart Cairn').waitFor()
  }
  await page.goto('/integrations')
  const card = page.getByRole('region', { name: 'AWS' })
  await card.getByText('Cairn cannot connect accounts').waitFor()
  await page.setViewportSize({ width: 360, height: 800 })
  await expect.poll(() => overflowOf(page)).toBe(0)
  await page.setViewportSize({ width: 1280, height: 800 })

  const { id } = await web.cairn.request('POST', '/connections', { name: 'Shop' })
  await page.goto(`/integrations/aws/${id}`)
  const reason = 'No AWS credentials: Cairn cannot assume the role.'
  await page
    .getByRole('textbox', { name: 'Role ARN' })
    .fill('arn:aws:iam::111122223333:role/cairn-read-only')
  // The button follows once the page knows the reason.
  await page.getByText(reason).waitFor()
  const verifyRole = page.getByRole('button', { name: 'Verify role' })
  await expect.poll(() => verifyRole.isDisabled()).toBe(true)

  const roleArn = 'arn:aws:iam::111122223333:role/cairn-read-only'
  await web.cairn.request('PATCH', `/connections/${id}`, { roleArn })
  await page.reload()
  const verifyNow = page.getByRole('button', { name: 'Verify now' })
  await verifyNow.waitFor()
  await page.getByText(reason).first().waitFor()
  await expect.poll(() => verifyNow.isDisabled()).toBe(true)
})
