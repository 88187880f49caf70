/** CloudFormation, the Code services and Step Functions: what rolls changes out. */

import { listed, past, spoken } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import { edit, editsOf, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'

const STACK = 'AWS::CloudFormation::Stack'
const STACK_SET = 'AWS::CloudFormation::StackSet'

export const cloudformation: Summaries = {
  CreateStack: (facts) => stack(facts, 'create', 'start creating'),
  UpdateStack: (facts) => stack(facts, 'update', 'start updating'),
  DeleteStack: (facts) => stack(facts, 'delete', 'start deleting'),
  CancelUpdateStack: (facts) => stack(facts, 'cancel the update of'),
  ContinueUpdateRollback: (facts) => stack(facts, 'continue rolling back'),
  RollbackStack: (facts) => stack(facts, 'roll back'),
  CreateChangeSet: ({ params, resources }) => {
    const what = named(resources, STACK)
    const name = params.text('changeSetName')
    return (
      what &&
      `prepare ${name ? `change set ${spoken(arnName(name), 60)}` : 'a change set'} for ${what}`
    )
  },
  ExecuteChangeSet: ({ params, resources }) => {
    const what = named(resources, STACK) ?? stackOf(params.text('stackName'))
    const name = params.text('changeSetName')
    return (
      what && {
        does: `start applying ${name ? `change set ${spoken(arnName(name).split('/')[0] ?? name, 60)}` : 'a change set'} to ${what}`,
        risks: ['deploy'],
      }
    )
  },
  DeleteChangeSet: ({ resources }) => {
    const what = named(resources, STACK)
    return what && `drop a change set of ${what}`
  },
  UpdateTerminationProtection: ({ params, resources }) => {
    const what = named(resources, STACK)
    const isOn = params.flag('enableTerminationProtection')
    return what && isOn !== undefined
      ? {
          does: `turn ${isOn ? 'on' : 'off'} the termination protection of ${what}`,
          edits: edit('termination protection', undefined, isOn ? 'on' : 'off'),
          risks: ['configuration'],
        }
      : undefined
  },
  CreateStackSet: (facts) => stackSet(facts, 'create'),
  UpdateStackSet: (facts) => stackSet(facts, 'start updating', 'start updating'),
  CreateStackInstances: (facts) => stackSet(facts, 'add instances to'),
  DeleteStackInstances: (facts) => stackSet(facts, 'remove instances from'),
}

function stackOf(name: string | undefined): string | undefined {
  return name && `stack ${spoken(arnName(name))}`
}

/** These calls return before the work is done; the stack's own calls record it. */
function stack({ params, resources }: Facts, phrase: string, verb?: string): Summary | undefined {
  const what = named(resources, STACK)
  if (what === undefined) return undefined
  const given = params
    .objects('parameters')
    .map((parameter) => parameter.text('parameterKey'))
    .filter((key) => key !== undefined)
  const role = params.text('roleARN')
  return {
    does: `${phrase} ${what}`,
    ...(verb && { did: `${past(verb)} ${what}`, verb }),
    // Values are left out: a template decides which of its parameters are secret.
    edits: [
      ...(given.length > 0
        ? [
            {
              field: 'parameters given',
              to: listed(
                given.map((key) => spoken(key, 40)),
                8,
              ),
            },
          ]
        : []),
      ...edit('role', undefined, role && arnName(role)),
    ],
    risks: ['deploy'],
  }
}

function stackSet(
  { params, resources }: Facts,
  phrase: string,
  verb?: string,
): Summary | undefined {
  const what = named(resources, STACK_SET)
  const regions = params.texts('regions').map((region) => spoken(region, 30))
  return what === undefined
    ? undefined
    : {
        does: `${phrase} ${what}${regions.length ? ` in ${listed(regions)}` : ''}`,
        ...(verb && { verb }),
        risks: ['deploy'],
      }
}

export const codedeploy: Summaries = {
  CreateDeployment: ({ params, response }) => {
    const application = params.text('applicationName')
    const group = params.text('deploymentGroupName')
    const id = response.text('deploymentId')
    return (
      application && {
        does: `start a deployment of ${spoken(application)}${group ? ` to ${spoken(group)}` : ''}${id ? ` (${spoken(id, 30)})` : ''}`,
        edits: edit(
          'revision',
          undefined,
          params.object('revision').object('s3Location').text('key') ??
            params.object('revision').object('gitHubLocation').text('commitId'),
        ),
        risks: ['deploy'],
      }
    )
  },
  StopDeployment: ({ params }) => {
    const id = params.text('deploymentId')
    return id && { does: `stop deployment ${spoken(id, 40)}`, risks: ['deploy'] }
  },
}

export const codepipeline: Summaries = {
  StartPipelineExecution: ({ resources }) => {
    const what = named(resources, 'AWS::CodePipeline::Pipeline')
    return what && { does: `start ${what}`, risks: ['deploy'] }
  },
  StopPipelineExecution: ({ resources }) => {
    const what = named(resources, 'AWS::CodePipeline::Pipeline')
    return what && { does: `stop ${what}`, risks: ['deploy'] }
  },
  PutApprovalResult: ({ params, resources }) => {
    const what = named(resources, 'AWS::CodePipeline::Pipeline')
    const status = params.object('result').text('status')
    return (
      what && {
        does: `${status === 'Rejected' ? 'reject' : 'approve'} ${params.text('stageName') ? `stage ${spoken(params.text('stageName')!, 60)} of ` : ''}${what}`,
        risks: ['deploy'],
      }
    )
  },
  DisableStageTransition: ({ params, resources }) => {
    const what = named(resources, 'AWS::CodePipeline::Pipeline')
    return (
      what && {
        does: `stop ${what} before stage ${spoken(params.text('stageName') ?? '(unknown)', 60)}`,
        risks: ['deploy'],
      }
    )
  },
}

export const codebuild: Summaries = {
  StartBuild: ({ params, resources }) => {
    const what = named(resources, 'AWS::CodeBuild::Project')
    const version = params.text('sourceVersion')
    return (
      what && {
        does: `start a build of ${what}${version ? ` at ${spoken(version, 60)}` : ''}`,
        risks: ['deploy'],
      }
    )
  },
  UpdateProjectVisibility: ({ params, resources }) => {
    const project = named(resources, 'AWS::CodeBuild::Project')?.replace(/^build /, '')
    const visibility = params.text('projectVisibility')
    if (project === undefined || visibility === undefined) return undefined
    const isPublic = visibility === 'PUBLIC_READ'
    return {
      does: `make builds of ${project} ${isPublic ? 'public' : 'private'}`,
      edits: edit('visibility', undefined, visibility),
      ...(isPublic && { opens: `builds of ${project} to the public` }),
      risks: ['deploy', 'data'],
    }
  },
  StopBuild: ({ params }) => {
    const id = params.text('id')
    return id && { does: `stop build ${spoken(arnName(id), 80)}`, risks: ['deploy'] }
  },
}

export const states: Summaries = {
  UpdateStateMachine: ({ params, resources }) => {
    const what = named(resources, 'AWS::StepFunctions::StateMachine')
    const edits = editsOf(params, ['stateMachineArn', 'definition'])
    if (params.has('definition')) edits.unshift({ field: 'definition', to: 'changed' })
    return what && { does: `change ${what}`, more: spelled(edits), edits, risks: ['deploy'] }
  },
  StartExecution: ({ params, resources }) => {
    const what = named(resources, 'AWS::StepFunctions::StateMachine')
    const name = params.text('name')
    return (
      what && {
        does: `start ${what}${name ? ` as ${spoken(name, 80)}` : ''}`,
        risks: ['capacity'],
      }
    )
  },
  StopExecution: ({ resources }) => {
    const what = named(resources, 'AWS::StepFunctions::Execution')
    return what && { does: `stop ${what}`, risks: ['capacity'] }
  },
}
