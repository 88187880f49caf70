import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { type RoleDesign, stackName } from './role.ts'
import { awsCommand, quoted, quotedJson, type ShellCommand } from './shell.ts'

const file = new URL('../../../infra/cloudformation/cairn-read-only.yaml', import.meta.url)

/** The template that a customer applies, byte for byte as in the repository. */
export function template(): string {
  return readFileSync(file, 'utf8')
}

/** The parameters of the template. */
export function templateParameters(role: RoleDesign): Record<string, string> {
  return {
    ExternalId: role.externalId,
    CairnPrincipalArn: role.principalArn,
    RoleName: role.name,
    RolePath: role.path,
  }
}

/** The template with its parameters' defaults filled in, for the console's "Upload a template". */
export function filledTemplate(role: RoleDesign): string {
  const document = parseDocument(template(), { logLevel: 'error' })
  for (const [name, value] of Object.entries(templateParameters(role)))
    document.setIn(['Parameters', name, 'Default'], value)
  return document.toString({ lineWidth: 0 })
}

/**
 * The commands that create the role and print its ARN. The first one writes the template, unless it
 * is published.
 */
export function stackCommands(
  role: RoleDesign,
  options: { region: string; templateUrl: string | undefined },
): ShellCommand[] {
  const stack = { 'stack-name': stackName(role.name), region: options.region }
  const parameters = Object.entries(templateParameters(role)).map(([name, value]) => ({
    ParameterKey: name,
    ParameterValue: value,
  }))
  const save = {
    title: 'Save the template',
    command: `cat > cairn-read-only.yaml <<'TEMPLATE'\n${template().trimEnd()}\nTEMPLATE`,
  }
  return [
    ...(options.templateUrl ? [] : [save]),
    {
      title: 'Create the stack',
      command: awsCommand('cloudformation create-stack', {
        ...stack,
        ...(options.templateUrl
          ? { 'template-url': quoted(options.templateUrl) }
          : { 'template-body': 'file://cairn-read-only.yaml' }),
        // A role with a custom name needs CAPABILITY_NAMED_IAM.
        capabilities: 'CAPABILITY_NAMED_IAM',
        parameters: quotedJson(parameters),
      }),
    },
    {
      title: 'Wait for the stack, about 30 seconds',
      command: awsCommand('cloudformation wait stack-create-complete', stack),
    },
    {
      title: 'Show the role ARN',
      command: awsCommand('cloudformation describe-stacks', {
        ...stack,
        query: quoted('Stacks[0].Outputs[?OutputKey==`RoleArn`].OutputValue'),
        output: 'text',
      }),
    },
  ]
}

const consoles: Record<string, string> = {
  aws: 'console.aws.amazon.com',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
  'aws-cn': 'console.amazonaws.cn',
}

/** The console's limit (CloudFormation User Guide, "Create quick-create links for stacks"). */
const MAX_LINK_LENGTH = 1024

interface QuickCreate {
  /** One per region; empty if `why` contains the reason. */
  links: { region: string; url: string }[]
  why: string | null
}

/** Links that open the console with all parameters filled in; the user only has to confirm. */
export function quickCreate(
  role: RoleDesign,
  options: { regions: readonly string[]; templateUrl: string | undefined },
): QuickCreate {
  const { templateUrl } = options
  if (!templateUrl) {
    return {
      links: [],
      why: 'The console accepts templates only from S3, and this Cairn installation has not published one. To publish it, an operator runs `npm run publish-template -- s3://BUCKET/KEY` and sets CAIRN_TEMPLATE_URL to the printed URL.',
    }
  }
  const filledIn = Object.entries(templateParameters(role)).map(
    ([name, value]) => `param_${name}=${encodeURIComponent(value)}`,
  )
  const query = [
    `templateURL=${encodeURIComponent(templateUrl)}`,
    `stackName=${stackName(role.name)}`,
    ...filledIn,
  ].join('&')
  const links = options.regions.map((region) => {
    const home = `https://${region}.${consoles[role.partition]}/cloudformation/home?region=${region}`
    return { region, url: `${home}#/stacks/create/review?${query}` }
  })
  if (links.every(({ url }) => url.length <= MAX_LINK_LENGTH)) return { links, why: null }
  return {
    links: [],
    why: `The link would exceed the console's limit of ${MAX_LINK_LENGTH} characters. Publish the template under a shorter URL, or use a shorter role name.`,
  }
}
