import { z } from 'zod'
import type { Setting, Settings } from './setting.ts'
import { webUrl } from './web-url.ts'

/** How Cairn reaches AWS and GitHub. */
export const sourceSettings = {
  CAIRN_PRINCIPAL_ARN: {
    default: "determined from Cairn's own credentials",
    doc: "The IAM role that Cairn's workers run as, which customers' roles trust. Required if the role may not call `iam:GetRole` on itself, because other AWS responses omit its path.",
    schema: z
      .string()
      .regex(
        /^arn:aws(-us-gov|-cn)?:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
        'must be the ARN of an IAM role or user: arn:aws:iam::123456789012:role/cairn',
      )
      .optional(),
  },
  CAIRN_TEMPLATE_URL: {
    default: 'no quick-create links',
    doc: 'The S3 URL of the published CloudFormation template, which quick-create links require.',
    schema: z
      .string()
      .regex(
        /^https:\/\/([\w.-]+\.)?s3[\w.-]*\.amazonaws\.com(\.cn)?\/[^?#]+$/,
        'must be an https:// URL of an S3 object, without a query',
      )
      .optional(),
  },
  CAIRN_REGIONS: {
    default: "all regions of the account's partition",
    doc: 'The only regions to import from, separated by commas: `us-east-1,eu-west-1`.',
    schema: z
      .string()
      .transform((text) => [...new Set(text.split(/[\s,]+/).filter(Boolean))])
      .refine(
        (regions) =>
          regions.length > 0 &&
          regions.every((region) => /^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(region)),
        'must be region names, separated by commas: us-east-1,eu-west-1',
      )
      .optional(),
  },
  CAIRN_GITHUB_API_URL: {
    default: "github.com's",
    doc: 'The URL of the REST API of a GitHub Enterprise Server: `https://github.example.com/api/v3`. Used to find missed webhook deliveries.',
    schema: webUrl.default('https://api.github.com'),
  },
} satisfies Settings

const awsEndpoint: Setting<string | undefined> = {
  default: "AWS's own",
  doc: 'A custom endpoint for AWS calls: for all services, STS or CloudTrail.',
  schema: z
    .string()
    .refine(
      (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
      'must be an http:// or https:// URL',
    )
    .optional(),
}

/** Read by the AWS SDK; validated here so that typing errors are reported at start. */
export const sdkSettings = {
  AWS_ENDPOINT_URL: awsEndpoint,
  AWS_ENDPOINT_URL_STS: awsEndpoint,
  AWS_ENDPOINT_URL_CLOUDTRAIL: awsEndpoint,
} satisfies Settings
