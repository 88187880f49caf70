import { z } from 'zod'
import type { Source } from '../source.ts'
import { DEPLOY, RECEIVERS } from './detail.ts'

const detail = {
  source: DEPLOY,
  receivedAs: 'changes',
  version: '1.4.2',
  environments: ['production'],
  services: ['checkout'],
  authors: ['ada@example.com'],
  labels: ['team:payments'],
} as const

const example = {
  id: '019cae21-a3d0-8c07-a51e-2b7f90d4c6e3',
  source: DEPLOY,
  sourceId: 'checkout-run-812',
  occurredAt: '2026-03-02T12:01:14.000Z',
  endedAt: '2026-03-02T12:05:24.000Z',
  importedAt: '2026-03-02T12:05:25.207Z',
  summary: 'Deployed checkout 1.4.2',
  actor: { kind: 'person', name: 'ada@example.com', id: 'ada@example.com', chain: [] },
  tool: { name: 'argo-cd', title: 'Argo CD', label: 'Argo CD' },
  service: 'checkout',
  action: 'deploy',
  resources: [
    {
      type: 'Service',
      id: 'checkout',
      accountId: null,
      region: null,
      key: 'deploy///Service/checkout',
    },
  ],
  outcome: 'succeeded',
  region: null,
  accountId: null,
  environments: [],
  changeSetId: null,
  noise: null,
  readOnly: false,
  risks: ['deploy'],
  links: [{ label: 'Run', url: 'https://ci.example.com/runs/812' }],
  connectionId: null,
  detail,
}

/** Changes that pipelines report. */
export const deploy: Source = {
  id: DEPLOY,
  name: 'Deploys',
  detailSchema: z
    .object({
      source: z.literal(DEPLOY),
      receivedAs: z.enum(RECEIVERS).meta({ description: 'The route that received the report.' }),
      description: z.string().optional(),
      version: z.string().optional(),
      repository: z.string().optional(),
      environments: z.array(z.string()).meta({
        description: 'The reported names. Some of them may not be environments of Cairn.',
      }),
      services: z.array(z.string()),
      authors: z.array(z.string()),
      labels: z.array(z.string()),
    })
    .meta({ id: 'DeployDetail', examples: [detail] }),
  example,
}
