import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { Layout } from './layout.tsx'
import { lazyPart } from './lazy-part.ts'
import { validateConnectionsSearch } from './pages/connections/search.ts'
import { validateFeedSearch } from './pages/feed/search.ts'
import { validatePreview, validateWindow } from './pages/incident/search.ts'
import { validateIncidentsSearch } from './pages/incidents/search.ts'
import { NotFound } from './pages/not-found.tsx'
import { PageError } from './pages/page-error.tsx'
import { validateSettingsSearch } from './pages/settings/search.ts'

const root = createRootRoute()

/** Pages for signed-in users, with the navigation. */
const app = createRoute({ getParentRoute: () => root, id: 'app', component: Layout })

const feed = createRoute({
  getParentRoute: () => app,
  path: '/',
  validateSearch: validateFeedSearch,
  component: lazyPart(() => import('./pages/feed/feed.tsx'), 'FeedPage'),
})

const change = createRoute({
  getParentRoute: () => app,
  path: '/changes/$id',
  component: lazyPart(() => import('./pages/change/change.tsx'), 'ChangePage'),
})

const incidents = createRoute({
  getParentRoute: () => app,
  path: '/incidents',
  validateSearch: validateIncidentsSearch,
  component: lazyPart(() => import('./pages/incidents/incidents.tsx'), 'IncidentsPage'),
})

const incidentPreview = createRoute({
  getParentRoute: () => app,
  path: '/incidents/preview',
  validateSearch: validatePreview,
  component: lazyPart(() => import('./pages/incident/preview.tsx'), 'PreviewPage'),
})

const backtest = createRoute({
  getParentRoute: () => app,
  path: '/incidents/backtest',
  component: lazyPart(() => import('./pages/backtest/backtest.tsx'), 'BacktestPage'),
})

const incident = createRoute({
  getParentRoute: () => app,
  path: '/incidents/$id',
  validateSearch: validateWindow,
  component: lazyPart(() => import('./pages/incident/incident.tsx'), 'IncidentPage'),
})

const integrations = createRoute({
  getParentRoute: () => app,
  path: '/integrations',
  component: lazyPart(() => import('./pages/integrations/integrations.tsx'), 'IntegrationsPage'),
})

const integration = createRoute({
  getParentRoute: () => app,
  path: '/integrations/webhooks/$id',
  component: lazyPart(() => import('./pages/integrations/integration.tsx'), 'IntegrationPage'),
})

const deploys = createRoute({
  getParentRoute: () => app,
  path: '/integrations/deploys',
  component: lazyPart(() => import('./pages/deploys/deploys.tsx'), 'DeploysPage'),
})

const connections = createRoute({
  getParentRoute: () => app,
  path: '/integrations/aws',
  validateSearch: validateConnectionsSearch,
  component: lazyPart(() => import('./pages/connections/connections.tsx'), 'ConnectionsPage'),
})

const connection = createRoute({
  getParentRoute: () => app,
  path: '/integrations/aws/$id',
  component: lazyPart(() => import('./pages/connections/connection.tsx'), 'ConnectionPage'),
})

const settings = createRoute({
  getParentRoute: () => app,
  path: '/settings',
  validateSearch: validateSettingsSearch,
  component: lazyPart(() => import('./pages/settings/settings.tsx'), 'SettingsPage'),
})

/** Any other path. */
const unknown = createRoute({ getParentRoute: () => app, path: '/$', component: NotFound })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { to?: string } => {
    // Only paths of this origin: `//` and `https:` resolve to other sites.
    const to = String(search.to ?? '')
    return /^\/(?![/\\])/.test(to) ? { to } : {}
  },
  component: lazyPart(() => import('./pages/sign-in.tsx'), 'SignInPage'),
})

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  validateSearch: (search): { token?: string } =>
    typeof search.token === 'string' ? { token: search.token } : {},
  component: lazyPart(
    () => import('./pages/reset-password/reset-password.tsx'),
    'ResetPasswordPage',
  ),
})

const acceptInvitation = createRoute({
  getParentRoute: () => root,
  path: '/accept-invitation',
  validateSearch: (search): { token?: string } =>
    typeof search.token === 'string' ? { token: search.token } : {},
  component: lazyPart(
    () => import('./pages/accept-invitation/accept-invitation.tsx'),
    'AcceptInvitationPage',
  ),
})

export const router = createRouter({
  routeTree: root.addChildren([
    app.addChildren([
      feed,
      change,
      incidents,
      incidentPreview,
      backtest,
      incident,
      integrations,
      integration,
      deploys,
      connections,
      connection,
      settings,
      unknown,
    ]),
    signIn,
    acceptInvitation,
    resetPassword,
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
