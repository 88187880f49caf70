import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectUrl, parseDestination } from '../../scripts/publish-template.ts'
import { loadConfig } from '../../src/config.ts'
import { MINISTACK_SECRET, type Ministack, startMinistack } from '../../testing/ministack.ts'
import { infra } from './support.ts'

describe('the location of the template', () => {
  test.each([
    ['s3://cairn-templates/cairn.yaml', 'cairn-templates', 'cairn.yaml'],
    ['s3://a.b.c/x/y/cairn-read-only.yaml', 'a.b.c', 'x/y/cairn-read-only.yaml'],
  ])('is accepted: %s', (text, bucket, key) => {
    expect(parseDestination(text)).toEqual({ bucket, key })
  })

  test.each([
    ['cairn-templates/cairn.yaml', 'not of the form s3://BUCKET/KEY'],
    ['https://cairn-templates.s3.amazonaws.com/cairn.yaml', 'not of the form s3://BUCKET/KEY'],
    ['s3://', 'not a valid bucket name'],
    ['s3://Cairn/cairn.yaml', 'not a valid bucket name'],
    ['s3://cairn-templates', 'object key is missing'],
    ['s3://cairn-templates/', 'object key is missing'],
    ['s3://cairn-templates/folder/', 'object key is missing'],
    ['s3://cairn-templates//cairn.yaml', 'not a supported object key'],
    ['s3://cairn-templates/../cairn.yaml', 'not a supported object key'],
    ['s3://cairn-templates/cairn.yaml?x', 'not a supported object key'],
    ["s3://cairn-templates/it's.yaml", 'not a supported object key'],
    ['s3://cairn-templates/a b.yaml', 'not a supported object key'],
  ])('is rejected: %s', (text, why) => {
    expect(() => parseDestination(text)).toThrow(why)
  })

  test('has a key within the limit of S3', () => {
    const key = (length: number) => () => parseDestination(`s3://cairn/${'x'.repeat(length)}`)
    expect(key(1024)).not.toThrow()
    expect(key(1025)).toThrow('not a supported object key')
  })

  test.each([
    ['cairn', 'eu-west-1', 'https://cairn.s3.eu-west-1.amazonaws.com/a/b.yaml'],
    ['cairn', 'cn-north-1', 'https://cairn.s3.cn-north-1.amazonaws.com.cn/a/b.yaml'],
    ['cairn', 'us-gov-west-1', 'https://cairn.s3.us-gov-west-1.amazonaws.com/a/b.yaml'],
    ['cairn.example', 'eu-west-1', 'https://s3.eu-west-1.amazonaws.com/cairn.example/a/b.yaml'],
  ])('of %s in %s has the URL %s', (bucket, region, url) => {
    expect(objectUrl({ bucket, key: 'a/b.yaml' }, region)).toBe(url)
  })

  test('becomes a setting that Cairn accepts, and an equal URL', () => {
    const bucket = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}(\.[a-z0-9-]{1,9})?[a-z0-9]$/)
    const key = fc.stringMatching(/^[\w.-]{1,20}(\/[\w.-]{1,20}){0,3}$/)
    const region = fc.constantFrom('us-east-1', 'ap-southeast-4', 'us-gov-east-1', 'cn-northwest-1')
    fc.assert(
      fc.property(bucket, key, region, (bucket, key, region) => {
        fc.pre(!key.split('/').some((part) => part === '.' || part === '..'))
        const url = objectUrl(parseDestination(`s3://${bucket}/${key}`), region)
        expect(loadConfig({ CAIRN_TEMPLATE_URL: url }).templateUrl).toBe(url)
        expect(new URL(url).href).toBe(url)
      }),
    )
  })
})

describe('publishing to S3', () => {
  const ACCOUNT = '111122223333'
  const region = 'eu-west-1'
  const template = `${infra}/cloudformation/cairn-read-only.yaml`
  const script = fileURLToPath(new URL('../../scripts/publish-template.ts', import.meta.url))

  let folder: string
  let ministack: Ministack
  let endpoint: string
  let s3: S3Client

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'publish-'))
    ministack = await startMinistack()
    endpoint = ministack.url
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: MINISTACK_SECRET }
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
    for (const Bucket of ['cairn-templates', 'cairn.templates', 'cairn-public']) {
      const CreateBucketConfiguration = { LocationConstraint: region } as const
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }))
    }
  })

  afterAll(async () => {
    await ministack?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** @returns what it printed, and its exit code */
  async function publish(to: string[], env: Record<string, string> = {}) {
    const result = await promisify(execFile)(process.execPath, [script, ...to], {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_MAX_ATTEMPTS: '1',
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: ACCOUNT,
        AWS_SECRET_ACCESS_KEY: MINISTACK_SECRET,
        ...env,
      },
    }).catch((error) => error)
    return { code: result.code ?? 0, stdout: result.stdout, stderr: result.stderr }
  }

  test.each([
    ['cairn-templates', 'https://cairn-templates.s3.eu-west-1.amazonaws.com/a/cairn.yaml'],
    ['cairn.templates', 'https://s3.eu-west-1.amazonaws.com/cairn.templates/a/cairn.yaml'],
  ])('uploads the template to %s, and prints the setting', async (Bucket, url) => {
    const { code, stdout, stderr } = await publish([`s3://${Bucket}/a/cairn.yaml`])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toContain(`CAIRN_TEMPLATE_URL=${url}`)
    const object = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/cairn.yaml' }))
    expect(object.ContentType).toBe('application/yaml')
    expect(await object.Body!.transformToString()).toBe(await readFile(template, 'utf8'))
    expect(stdout).toContain('The object is not public.')
    const policy = JSON.parse(/^\{$.+^\}$/ms.exec(stdout)![0])
    expect(policy.Statement).toMatchObject([
      { Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/a/cairn.yaml` },
    ])
  })

  test('reports a public object as public', async () => {
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: 'arn:aws:s3:::cairn-public/*',
        },
      ],
    })
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: 'cairn-public' }))
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'cairn-public', Policy }))
    const { stdout } = await publish(['s3://cairn-public/cairn.yaml'])
    expect(stdout).toContain('The object is public')
  })

  test('reports a missing bucket', async () => {
    const { code, stdout, stderr } = await publish(['s3://cairn-nowhere/cairn.yaml'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^There is no bucket cairn-nowhere .*Create it first: aws s3 mb/)
  })

  test('reports credentials without the permission', async () => {
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: MINISTACK_SECRET }
    const iam = new IAMClient({ endpoint, region, credentials })
    await iam.send(new CreateUserCommand({ UserName: 'powerless' }))
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'powerless' }))
    const { code, stderr } = await publish(['s3://cairn-templates/cairn.yaml'], {
      AWS_ACCESS_KEY_ID: AccessKey!.AccessKeyId!,
      AWS_SECRET_ACCESS_KEY: AccessKey!.SecretAccessKey!,
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^AWS denied .*need s3:PutObject and s3:GetObject/)
  })

  test('reports missing credentials', async () => {
    const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
    const { code, stderr } = await publish(['s3://cairn-templates/cairn.yaml'], env)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^No AWS credentials found. Set AWS_PROFILE/)
  })

  test.each([[[]], [['s3://cairn-templates/cairn.yaml', 'more']]])(
    'prints the usage for the arguments %j',
    async (to) => {
      const { code, stderr } = await publish(to)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^Usage:\n {2}npm run publish-template -- s3:\/\/BUCKET\/KEY/)
    },
  )
})
