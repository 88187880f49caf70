import {
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { template } from '../src/aws/documents/cloudformation.ts'
import type { PolicyDocument } from '../src/aws/documents/permissions.ts'
import { readPositionals, runCommand } from '../src/command.ts'
import { loadConfig } from '../src/config.ts'

const usage = `Usage:
  npm run publish-template -- s3://BUCKET/KEY

Uploads the CloudFormation template for quick-create links, and prints the setting for Cairn. The
bucket has to exist. Example of a key: cairn/cairn-read-only.yaml`

/** An error message for the person who typed the command. */
class PublishError extends Error {}

export interface Destination {
  bucket: string
  key: string
}

/**
 * Parses `s3://BUCKET/KEY`. Accepts only keys that need no escaping in a URL or a shell, because the
 * key becomes part of a link, of a setting and of printed commands.
 *
 * @throws PublishError with the reason
 */
export function parseDestination(text: string): Destination {
  const [, bucket, key] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(text) ?? []
  if (bucket === undefined || key === undefined)
    throw new PublishError(`"${text}" is not of the form s3://BUCKET/KEY.\n\n${usage}`)
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..'))
    throw new PublishError(
      `"${bucket}" is not a valid bucket name: 3 to 63 lowercase letters, digits, dots and hyphens.`,
    )
  if (key === '' || key.endsWith('/'))
    throw new PublishError(
      `The object key is missing. Example: s3://${bucket}/${key}cairn-read-only.yaml`,
    )
  const segments = key.split('/')
  if (key.length > 1024 || !segments.every((part) => /^(?!\.{1,2}$)[\w.-]+$/.test(part)))
    throw new PublishError(
      `"${key}" is not a supported object key: letters, digits and _.- between single slashes, 1024 at most.`,
    )
  return { bucket, key }
}

/** The object's HTTP URL. Path-style if the bucket's name contains dots, which would break TLS. */
export function objectUrl({ bucket, key }: Destination, region: string): string {
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  return bucket.includes('.')
    ? `https://${host}/${bucket}/${key}`
    : `https://${bucket}.${host}/${key}`
}

/** Allows all principals of one AWS organization to read the object, and no others. */
export function readPolicy({ bucket, key }: Destination, region: string): PolicyDocument {
  const partition = ['cn', 'us-gov'].find((name) => region.startsWith(`${name}-`))
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ReadCairnsTemplate',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:${partition ? `aws-${partition}` : 'aws'}:s3:::${bucket}/${key}`,
        Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-REPLACE' } },
      },
    ],
  }
}

function clientFor({ bucket }: Destination, options: S3ClientConfig): S3Client {
  return new S3Client({ ...options, forcePathStyle: bucket.includes('.') })
}

/** @returns the bucket's region, which AWS returns even if it denies everything else */
async function findRegion(destination: Destination): Promise<string> {
  const { bucket } = destination
  // Any region of the partition can answer.
  const region = await new S3Client({}).config.region().catch(() => 'us-east-1')
  const client = clientFor(destination, { region, followRegionRedirects: true })
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket }))
    return BucketRegion ?? region
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error
    if (error.$metadata.httpStatusCode === 404)
      throw new PublishError(
        `There is no bucket ${bucket} in this partition. Create it first: aws s3 mb s3://${bucket}`,
      )
    const reported = error.$response?.headers['x-amz-bucket-region']
    if (reported === undefined) throw error
    return reported
  }
}

async function publish(destination: Destination): Promise<string> {
  const { bucket: Bucket, key: Key } = destination
  const body = template()
  const region = await findRegion(destination)
  const url = objectUrl(destination, region)
  // Validates the URL that will be printed before uploading anything.
  loadConfig({ CAIRN_TEMPLATE_URL: url })

  const client = clientFor(destination, { region })
  const { ServerSideEncryption } = await client.send(
    new PutObjectCommand({ Bucket, Key, Body: body, ContentType: 'application/yaml' }),
  )
  if ((await read(client, destination)) !== body)
    throw new PublishError(
      `${url} has other content than was uploaded: something else writes to it too. Try again.`,
    )

  const anonymous = clientFor(destination, {
    region,
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    signer: { sign: async (request) => request },
  })
  const isPublic = await read(anonymous, destination).then(
    (text) => text === body,
    () => false,
  )
  return [
    `Published ${Buffer.byteLength(body)} bytes and read them back. Start Cairn with`,
    '',
    `CAIRN_TEMPLATE_URL=${url}`,
    '',
    isPublic
      ? 'The object is public, so the link works for everyone.'
      : readers(destination, region),
    ...(ServerSideEncryption?.startsWith('aws:kms')
      ? ['The bucket is encrypted with a KMS key: readers also need kms:Decrypt on that key.']
      : []),
  ].join('\n')
}

function readers(destination: Destination, region: string): string {
  const { bucket, key } = destination
  return `The object is not public. A quick-create link works only for people whose AWS user or role may
read this object, because CloudFormation fetches it as them. In the bucket's own account, their
policies need s3:GetObject on it. For people in other accounts, also add this statement to the
bucket's policy, with the id of your AWS organization (aws organizations describe-organization).
Without the condition, everyone has access unless the bucket blocks public policies. The template
contains no secret.

${JSON.stringify(readPolicy(destination, region), null, 2)}

If the bucket has no policy yet, save the statement as policy.json and run:
aws s3api put-bucket-policy --bucket ${bucket} --region ${region} --policy file://policy.json

To remove the template: aws s3 rm s3://${bucket}/${key} --region ${region}`
}

async function read(client: S3Client, { bucket, key }: Destination): Promise<string | undefined> {
  const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return object.Body?.transformToString()
}

/** One or two sentences that explain an AWS error; an unknown error keeps AWS's message. */
function explain(error: unknown, { bucket, key }: Destination): string {
  const { name, message } = error as Error
  if (error instanceof PublishError) return message
  if (name === 'CredentialsProviderError')
    return `No AWS credentials found. Set AWS_PROFILE, or sign in first (aws sso login). ${message}`
  if (!(error instanceof S3ServiceException))
    return `S3 did not respond. Check the network and the configured region. ${message}`
  if (
    ['ExpiredToken', 'InvalidAccessKeyId', 'InvalidToken', 'SignatureDoesNotMatch'].includes(name)
  )
    return `AWS rejected these credentials: ${message}`
  if (name === 'NoSuchBucket')
    return `There is no bucket ${bucket}. Create it first: aws s3 mb s3://${bucket}`
  if (error.$metadata.httpStatusCode === 403)
    return `AWS denied writing or reading s3://${bucket}/${key}. These credentials need s3:PutObject and s3:GetObject on it. ${message}`
  return `S3 answered ${name}: ${message}`
}

async function main(): Promise<void> {
  const positionals = readPositionals(usage)
  if (!positionals) return
  const [text, ...rest] = positionals
  if (text === undefined || rest.length > 0) throw new PublishError(usage)
  const destination = parseDestination(text)
  try {
    console.log(await publish(destination))
  } catch (error) {
    throw new PublishError(explain(error, destination), { cause: error })
  }
}

// Tests import what is above.
if (import.meta.main) runCommand(main)
