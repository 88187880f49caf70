import { z } from 'zod'
import { reviewTrust } from '../../aws/trust-review/index.ts'
import { MAX_PASTE_LENGTH } from '../../aws/trust-review/read-role.ts'
import { JUDGMENTS, TRUST_VERDICTS } from '../../aws/trust-review/types.ts'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, Problem, problems } from '../problems.ts'
import { connectionParams, readConnection } from './find.ts'

const pastedSchema = z
  .strictObject({
    role: z.string().max(MAX_PASTE_LENGTH, 'The text is longer than 100 KB').meta({
      description:
        'The output of `aws iam get-role --role-name NAME`, as JSON or YAML, or the trust policy alone.',
    }),
  })
  .meta({
    id: 'PastedRole',
    examples: [
      {
        role: '{"Role": {"Arn": "arn:aws:iam::123456789012:role/cairn", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}',
      },
    ],
  })

const reviewSchema = z
  .object({
    verdict: z.enum(TRUST_VERDICTS).meta({
      description:
        "`safe`: only Cairn's account can assume the role, and only with the external ID. `unsafe`: access without the external ID is possible. `unclear`: another principal is trusted, Cairn has no access, or part of the policy could not be read. `another_role`: the policy belongs to a different role.",
    }),
    summary: z.string(),
    trusted: z.array(
      z.object({
        who: z.string(),
        principal: z.string().meta({ description: 'The principal as written in the policy.' }),
        how: z.string().meta({ description: 'The conditions of the statement.' }),
        judgment: z.enum(JUDGMENTS),
        means: z.string(),
        remedy: z.string().nullable().meta({
          description: 'A replacement for the statement or its condition, as JSON.',
        }),
      }),
    ),
    notes: z.array(z.string()),
    remedy: z
      .string()
      .nullable()
      .meta({ description: 'A trust policy that trusts only Cairn, as JSON.' }),
  })
  .meta({
    id: 'TrustReview',
    examples: [
      {
        verdict: 'safe',
        summary:
          'Only Cairn can assume this role, and only with the external ID of this connection.',
        trusted: [
          {
            who: "Cairn's own principal arn:aws:iam::999988887777:role/cairn",
            principal: 'arn:aws:iam::999988887777:role/cairn',
            how: 'sts:ExternalId StringEquals "cairn-Kq7mWz3RtYb9XcVnPd5sJh2G"',
            judgment: 'expected',
            means: 'Cairn can assume the role only with the external ID of this connection.',
            remedy: null,
          },
        ],
        notes: [],
        remedy: null,
      },
    ],
  })

/**
 * The route that reviews who else a role trusts. No call can verify this, so the customer pastes
 * the policy.
 */
export function trustReviewRoutes(app: App, { database, principal }: ApiContext): void {
  app.post(
    '/connections/:id/trust-review',
    {
      schema: {
        tags: ['connections'],
        operationId: 'reviewTrust',
        summary: 'Review a trust policy',
        description:
          'Reports who can assume the role, from the output of `aws iam get-role --role-name NAME`. Cairn does not store the input and does not call AWS.',
        params: connectionParams,
        body: pastedSchema,
        response: {
          200: jsonResponse('The review.', reviewSchema),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request) => {
      const row = await readConnection(database, request, async (_trx, row) => row)
      const { arn: principalArn } = await principal()
      const expected = { principalArn, externalId: row.external_id, roleArn: row.role_arn }
      const review = reviewTrust(request.body.role, expected)
      if ('problem' in review) {
        throw new Problem(422, review.problem, {
          errors: [{ pointer: '/role', detail: review.problem }],
        })
      }
      return review
    },
  )
}
