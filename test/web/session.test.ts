import { describe, expect, test } from 'vitest'
import { redirectAfterSignIn } from '../../web/src/session.ts'

describe('after signing in', () => {
  test.each(['/', '/changes/019b?raw=1#top', '/integrations/aws', '/?q=a%2Fb&from=2026-03-02'])(
    'the user is redirected to the requested page %s',
    (to) => expect(redirectAfterSignIn(to)).toBe(to),
  )

  test.each([
    undefined,
    '',
    'integrations',
    'https://evil.example/',
    'javascript:alert(1)',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n\\evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/sign-in',
    '/sign-in/?to=/sign-in',
    '/accept-invitation?token=x',
  ])('the user is redirected to the start page for %j', (to) =>
    expect(redirectAfterSignIn(to)).toBe('/'),
  )

  test('a page is allowed if its path only begins like a sign-in page', () => {
    expect(redirectAfterSignIn('/accept-invitation-back')).toBe('/accept-invitation-back')
  })
})
