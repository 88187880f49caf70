/**
 * AWS CloudFormation: stacks of IAM roles and policies, created from a template's own text with the caller's own
 * permissions, by the same functions as IAM's API.
 *
 * Not simulated, and refused: templates by URL, change sets, service roles, and every other type of resource.
 */

import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AwsError, ControlError } from './errors.ts'
import {
  attachRolePolicy,
  createPolicy,
  createRole,
  deletePolicy,
  deleteRole,
  deleteRolePolicy,
  detachRolePolicy,
  putRolePolicy,
  setBoundary,
  updateRole,
  updateTrust,
} from './iam.ts'
import {
  type Call,
  members,
  type QueryOperation,
  type QueryRequest,
  structures,
  text,
  validate,
} from './query.ts'
import {
  type Made,
  type Output,
  type Plan,
  planStack,
  readTemplate,
  type Template,
} from './template.ts'
import { type Elements, xml } from './xml.ts'

type Properties = Record<string, unknown>

interface StackResource extends Made {
  logicalId: string
  type: string
  /** As passed to IAM. */
  properties: Properties
  retain: boolean
}

interface StackEvent {
  id: string
  logicalId: string
  physicalId: string
  type: string
  status: string
  reason?: string
  /** Epoch milliseconds. */
  at: number
}

export interface Stack {
  id: string
  name: string
  accountId: string
  region: string
  status: string
  reason?: string
  body: string
  template: Template
  parameters: Plan['parameters']
  /** The original values, for an update that keeps them. */
  given: Map<string, string>
  capabilities: string[]
  tags: Record<string, string>[]
  resources: Map<string, StackResource>
  outputs: Output[]
  /** Oldest first. */
  events: StackEvent[]
  /** Epoch milliseconds. */
  createdAt: number
  updatedAt?: number
  deletedAt?: number
  disableRollback: boolean
  work?: { timer: NodeJS.Timeout; done: PromiseWithResolvers<void> }
}

interface NewStack {
  name: string
  body: string
  parameters: ReadonlyMap<string, string>
  capabilities: string[]
  tags?: Record<string, string>[]
  /** Resources that failed are kept for inspection. */
  disableRollback?: boolean
}

/** All stacks of all accounts. */
export class Stacks {
  /** By id, deleted ones included. */
  readonly #stacks = new Map<string, Stack>()
  readonly #now: () => number
  readonly #duration: () => number

  /**
   * @param now epoch milliseconds
   * @param duration how long a stack takes, in milliseconds; 0 means immediately
   */
  constructor(now: () => number, duration: () => number) {
    this.#now = now
    this.#duration = duration
  }

  /**
   * Starts creating a stack. Throws for an invalid request; a resource that fails is reported by
   * the stack's status and events.
   *
   * @throws AwsError ValidationError, InsufficientCapabilitiesException, AlreadyExistsException, AccessDenied
   */
  create(call: Call, request: NewStack): Stack {
    const { accounts, session, region } = call
    const { accountId } = session
    const { name, body, capabilities, parameters } = request
    checkName(name)
    const stem = `arn:${accounts.partition.name}:cloudformation:${region}:${accountId}:stack/${name}`
    authorize(call, 'CreateStack', `${stem}/*`)
    const id = `${stem}/${randomUUID()}`
    const template = readTemplate(body)
    const plan = this.#plan(call, template, parameters, { stackName: name, stackId: id })
    checkCapabilities(template, capabilities)
    if (this.#named(call, name)) {
      throw new AwsError('AlreadyExistsException', `Stack [${name}] already exists`)
    }
    const stack: Stack = {
      id,
      name,
      accountId,
      region,
      body,
      template,
      capabilities,
      status: 'CREATE_IN_PROGRESS',
      parameters: plan.parameters,
      given: new Map(parameters),
      tags: request.tags ?? [],
      resources: new Map(),
      outputs: [],
      events: [],
      createdAt: this.#now(),
      disableRollback: request.disableRollback ?? false,
    }
    this.#stacks.set(id, stack)
    this.#tell(stack, 'CREATE_IN_PROGRESS', 'User Initiated')
    trace(call, 'CreateStack', describeRequest(request), { stackId: id })
    this.#later(stack, () => this.#make(onBehalf(call), stack, plan))
    return stack
  }

  /** @throws AwsError ValidationError (nothing to update included), InsufficientCapabilitiesException, AccessDenied */
  update(call: Call, request: Omit<NewStack, 'body'> & { body?: string; keep: string[] }): Stack {
    const stack = this.#existing(call, request.name)
    authorize(call, 'UpdateStack', stack.id)
    if (/_IN_PROGRESS$|^ROLLBACK|_FAILED$/.test(stack.status)) {
      throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`)
    }
    const body = request.body ?? stack.body
    const template = readTemplate(body)
    const kept = request.keep.flatMap((key) => {
      const value = stack.given.get(key)
      return value === undefined ? [] : [[key, value] as const]
    })
    const given = new Map([...kept, ...request.parameters])
    const context = { stackName: stack.name, stackId: stack.id }
    const plan = this.#plan(call, template, given, context)
    checkCapabilities(template, request.capabilities)
    const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
    if (
      body === stack.body &&
      same(plan.parameters, stack.parameters) &&
      same([...given], [...stack.given])
    ) {
      throw invalid('No updates are to be performed.')
    }
    stack.updatedAt = this.#now()
    this.#tell(stack, 'UPDATE_IN_PROGRESS', 'User Initiated')
    trace(call, 'UpdateStack', describeRequest({ ...request, body }), { stackId: stack.id })
    this.#later(stack, () => {
      if (!this.#change(onBehalf(call), stack, plan)) return
      Object.assign(stack, { body, template, given, parameters: plan.parameters })
      stack.capabilities = request.capabilities
    })
    return stack
  }

  /** A stack that does not exist is already deleted. */
  delete(call: Call, name: string): Stack | undefined {
    const stack = this.#find(call, name)
    authorize(call, 'DeleteStack', stack?.id ?? '*')
    if (!stack || stack.status === 'DELETE_COMPLETE') return stack
    this.#tell(stack, 'DELETE_IN_PROGRESS', 'User Initiated')
    trace(call, 'DeleteStack', { stackName: name }, null)
    this.#later(stack, () => {
      const stuck = this.#remove(onBehalf(call), stack, [...stack.resources.keys()])
      if (stuck.length > 0) {
        const reason = `The following resource(s) failed to delete: [${stuck.join(', ')}]. `
        this.#tell(stack, 'DELETE_FAILED', reason)
        return
      }
      stack.deletedAt = this.#now()
      this.#tell(stack, 'DELETE_COMPLETE')
    })
    return stack
  }

  /** By name or id; a deleted one by its id only. @throws AwsError ValidationError */
  describe(call: Call, name: string | undefined): Stack[] {
    if (name !== undefined) return [this.#existing(call, name)]
    return [...this.#stacks.values()].filter(
      (stack) => isOf(stack, call) && stack.status !== 'DELETE_COMPLETE',
    )
  }

  /** Waits until the last operation on it has ended. @throws ControlError when the simulator is closed before */
  async settled(stack: Stack): Promise<void> {
    await stack.work?.done.promise
  }

  close(): void {
    for (const { work } of this.#stacks.values()) {
      if (!work) continue
      clearTimeout(work.timer)
      work.done.reject(new ControlError('The simulator was closed while a stack was in progress'))
    }
  }

  /** Does the work after the time that a stack takes. Earlier work that has not ended is cancelled. */
  #later(stack: Stack, run: () => void): void {
    const done = stack.work?.done ?? Promise.withResolvers<void>()
    if (stack.work) clearTimeout(stack.work.timer)
    // Not every caller waits for it.
    done.promise.catch(() => {})
    const finish = () => {
      delete stack.work
      run()
      done.resolve()
    }
    if (this.#duration() <= 0) finish()
    else stack.work = { done, timer: setTimeout(finish, this.#duration()) }
  }

  #plan(
    { accounts, session, region }: Call,
    template: Template,
    parameters: ReadonlyMap<string, string>,
    names: { stackName: string; stackId: string },
  ): Plan {
    const partition = accounts.partition.name
    const context = { accountId: session.accountId, partition, region, ...names }
    return planStack(template, parameters, context, (type) => kindOf(type)?.attributes)
  }

  #make(call: Call, stack: Stack, plan: Plan): void {
    for (const { logicalId, type, retain, properties } of plan.resources) {
      const problem = attempt(() => {
        const resource = this.#create(call, stack, { logicalId, type, retain, properties }, '')
        stack.resources.set(logicalId, resource)
      })
      if (problem === undefined) continue
      this.#tellOf(stack, { logicalId, type, ref: '' }, 'CREATE_FAILED', problem)
      const reason = `The following resource(s) failed to create: [${logicalId}]. `
      if (stack.disableRollback) {
        this.#tell(stack, 'CREATE_FAILED', reason)
        return
      }
      this.#tell(stack, 'ROLLBACK_IN_PROGRESS', `${reason}Rollback requested by user.`)
      const stuck = this.#remove(call, stack, [...stack.resources.keys()])
      this.#tell(stack, stuck.length > 0 ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE')
      return
    }
    const problem = attempt(() => {
      stack.outputs = plan.outputs(stack.resources)
    })
    this.#tell(stack, problem === undefined ? 'CREATE_COMPLETE' : 'CREATE_FAILED', problem)
  }

  #create(
    call: Call,
    stack: Stack,
    { logicalId, type, retain, properties: evaluate }: Plan['resources'][number],
    generation: string,
  ): StackResource {
    const kind = kindOf(type)
    this.#tellOf(stack, { logicalId, type, ref: '' }, 'CREATE_IN_PROGRESS')
    if (!kind) {
      throw new AwsError(
        'NotSimulated',
        `Resource type ${type} is not simulated: roles and policies of IAM are`,
      )
    }
    const properties = readProperties(kind, logicalId, evaluate(stack.resources))
    const name = physicalName(stack, logicalId, generation)
    const made = kind.create(call, properties, name)
    const resource = { ...made, logicalId, type, properties, retain }
    this.#tellOf(stack, resource, 'CREATE_IN_PROGRESS', 'Resource creation Initiated')
    this.#tellOf(stack, resource, 'CREATE_COMPLETE')
    return resource
  }

  /** @returns whether the stack is now as planned; otherwise it is as it was */
  #change(call: Call, stack: Stack, plan: Plan): boolean {
    const before = new Map(stack.resources)
    const undo: (() => void)[] = []
    const obsolete: StackResource[] = []
    const rollBack = (reason: string) => {
      this.#tell(stack, 'UPDATE_ROLLBACK_IN_PROGRESS', reason)
      const stuck = undo.reverse().map((step) => attempt(step))
      stack.resources = before
      const failed = stuck.find((one) => one !== undefined)
      this.#tell(stack, failed ? 'UPDATE_ROLLBACK_FAILED' : 'UPDATE_ROLLBACK_COMPLETE', failed)
      return false
    }
    for (const planned of plan.resources) {
      const { logicalId, type } = planned
      const old = before.get(logicalId)
      const problem = attempt(() => {
        const kind = kindOf(type)
        if (!old || !kind || old.type !== type) {
          const made = this.#create(call, stack, planned, '')
          stack.resources.set(logicalId, made)
          undo.push(() => kind?.remove(call, made, made.properties))
          if (old) obsolete.push(old)
          return
        }
        const properties = readProperties(kind, logicalId, planned.properties(stack.resources))
        old.retain = planned.retain
        if (JSON.stringify(properties) === JSON.stringify(old.properties)) return
        this.#tellOf(stack, old, 'UPDATE_IN_PROGRESS')
        if (kind.mustReplace(old.properties, properties)) {
          const own = kind.nameProperty && properties[kind.nameProperty]
          if (own !== undefined && own === old.properties[kind.nameProperty!]) {
            throw invalid(
              `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${own} and update the stack again.`,
            )
          }
          const made = this.#create(call, stack, planned, randomUUID())
          stack.resources.set(logicalId, made)
          undo.push(() => kind.remove(call, made, made.properties))
          obsolete.push(old)
        } else {
          undo.push(() => kind.update(call, old, properties, old.properties))
          const made = kind.update(call, old, old.properties, properties)
          stack.resources.set(logicalId, { ...old, ...made, properties })
        }
        this.#tellOf(stack, stack.resources.get(logicalId)!, 'UPDATE_COMPLETE')
      })
      if (problem === undefined) continue
      this.#tellOf(stack, old ?? { logicalId, type, ref: '' }, 'UPDATE_FAILED', problem)
      return rollBack(`The following resource(s) failed to update: [${logicalId}]. `)
    }
    let outputs: Output[] = []
    const problem = attempt(() => {
      outputs = plan.outputs(stack.resources)
    })
    if (problem !== undefined) return rollBack(problem)
    this.#tell(stack, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')
    const planned = new Set(plan.resources.map(({ logicalId }) => logicalId))
    this.#remove(
      call,
      stack,
      [...stack.resources.keys()].filter((id) => !planned.has(id)),
    )
    for (const old of obsolete) attempt(() => kindOf(old.type)?.remove(call, old, old.properties))
    stack.outputs = outputs
    this.#tell(stack, 'UPDATE_COMPLETE')
    return true
  }

  /** Newest first. @returns those that could not be removed */
  #remove(call: Call, stack: Stack, logicalIds: string[]): string[] {
    const stuck: string[] = []
    for (const logicalId of logicalIds.reverse()) {
      const resource = stack.resources.get(logicalId)!
      if (resource.retain) {
        this.#tellOf(stack, resource, 'DELETE_SKIPPED')
        stack.resources.delete(logicalId)
        continue
      }
      this.#tellOf(stack, resource, 'DELETE_IN_PROGRESS')
      const problem = attempt(() =>
        kindOf(resource.type)!.remove(call, resource, resource.properties),
      )
      this.#tellOf(stack, resource, problem ? 'DELETE_FAILED' : 'DELETE_COMPLETE', problem)
      if (problem) stuck.push(logicalId)
      else stack.resources.delete(logicalId)
    }
    return stuck
  }

  #tell(stack: Stack, status: string, reason?: string): void {
    stack.status = status
    if (reason === undefined) delete stack.reason
    else stack.reason = reason
    const itself = { logicalId: stack.name, type: 'AWS::CloudFormation::Stack', ref: stack.id }
    this.#tellOf(stack, itself, status, reason)
  }

  #tellOf(
    stack: Stack,
    { logicalId, type, ref }: Pick<StackResource, 'logicalId' | 'type' | 'ref'>,
    status: string,
    reason?: string,
  ): void {
    stack.events.push({
      id: randomUUID(),
      logicalId,
      type,
      physicalId: ref,
      status,
      at: this.#now(),
      ...(reason !== undefined && { reason }),
    })
  }

  #named(call: Call, name: string): Stack | undefined {
    return [...this.#stacks.values()].find(
      (stack) => isOf(stack, call) && stack.name === name && stack.status !== 'DELETE_COMPLETE',
    )
  }

  #find(call: Call, name: string): Stack | undefined {
    const byId = this.#stacks.get(name)
    return byId && isOf(byId, call) ? byId : this.#named(call, name)
  }

  #existing(call: Call, name: string): Stack {
    const stack = this.#find(call, name)
    if (!stack) throw invalid(`Stack with id ${name} does not exist`)
    return stack
  }
}

/** The operations by name, over one set of stacks. */
export function cloudFormationOperations(stacks: Stacks): Record<string, QueryOperation> {
  const one = (request: QueryRequest, action: string): Stack => {
    const name = stackName(request)
    const found = stacks.describe(request, name)[0]!
    authorize(request, action, found.id)
    return found
  }
  return {
    CreateStack: (request) => {
      refuseOthers(request, ['OnFailure', 'DisableRollback'])
      const { parameters } = request
      const onFailure = parameters.get('OnFailure') ?? 'ROLLBACK'
      if (onFailure !== 'ROLLBACK' && onFailure !== 'DO_NOTHING') {
        throw invalid(`OnFailure ${onFailure} is not simulated`)
      }
      const disabled = parameters.get('DisableRollback') === 'true' || onFailure === 'DO_NOTHING'
      const body = parameters.get('TemplateBody')
      if (body === null) {
        throw invalid('Either Template URL or Template Body must be specified.')
      }
      const given = givenParameters(request)
      const stack = stacks.create(request, {
        name: stackName(request),
        body,
        parameters: given.values,
        disableRollback: disabled,
        capabilities: members(parameters, 'Capabilities'),
        tags: structures(parameters, 'Tags'),
      })
      return xml({ StackId: stack.id })
    },
    UpdateStack: (request) => {
      refuseOthers(request, ['UsePreviousTemplate'])
      const { parameters } = request
      const body = parameters.get('TemplateBody') ?? undefined
      if (body === undefined && parameters.get('UsePreviousTemplate') !== 'true') {
        throw invalid('Either Template URL or Template Body must be specified.')
      }
      const given = givenParameters(request)
      const stack = stacks.update(request, {
        name: stackName(request),
        parameters: given.values,
        keep: given.keep,
        ...(body !== undefined && { body }),
        capabilities: members(parameters, 'Capabilities'),
      })
      return xml({ StackId: stack.id })
    },
    DeleteStack: (request) => {
      refuseOthers(request, [])
      stacks.delete(request, stackName(request))
      return ''
    },
    DescribeStacks: (request) => {
      const name = request.parameters.get('StackName') ?? undefined
      const found = stacks.describe(request, name)
      authorize(request, 'DescribeStacks', name === undefined ? '*' : found[0]!.id)
      return xml({ Stacks: found.map(describeStack) })
    },
    DescribeStackEvents: (request) => {
      const { id, name, events } = one(request, 'DescribeStackEvents')
      const StackEvents = events.toReversed().map((event) => ({
        StackId: id,
        EventId: event.id,
        StackName: name,
        LogicalResourceId: event.logicalId,
        PhysicalResourceId: event.physicalId,
        ResourceType: event.type,
        Timestamp: timestamp(event.at),
        ResourceStatus: event.status,
        ...(event.reason !== undefined && { ResourceStatusReason: event.reason }),
      }))
      return xml({ StackEvents })
    },
    DescribeStackResources: (request) => {
      const { id, name, resources, events } = one(request, 'DescribeStackResources')
      const StackResources = [...resources.values()].map(({ logicalId, type, ref }) => {
        const last = events.findLast((event) => event.logicalId === logicalId)!
        return {
          StackId: id,
          StackName: name,
          LogicalResourceId: logicalId,
          PhysicalResourceId: ref,
          ResourceType: type,
          Timestamp: timestamp(last.at),
          ResourceStatus: last.status,
        }
      })
      return xml({ StackResources })
    },
    GetTemplate: (request) => xml({ TemplateBody: one(request, 'GetTemplate').body }),
    ValidateTemplate: (request) => {
      authorize(request, 'ValidateTemplate', '*')
      const template = readTemplate(request.parameters.get('TemplateBody') ?? '')
      const needed = neededCapability(template)
      return xml({
        Parameters: template.parameters.map((parameter) => ({
          ParameterKey: parameter.key,
          ...(parameter.default !== undefined && { DefaultValue: parameter.default }),
          NoEcho: String(parameter.noEcho),
          ...(parameter.description !== undefined && { Description: parameter.description }),
        })),
        ...(template.description !== undefined && { Description: template.description }),
        ...(needed && {
          Capabilities: [needed],
          CapabilitiesReason: `The following resource(s) require capabilities: [${[...new Set([...template.resources.values()].map(({ type }) => type))].join(', ')}]`,
        }),
      })
    },
  }
}

/** The properties of a type of resource, and how it is created, updated and deleted. */
interface Kind {
  schema: z.ZodObject
  /** The attributes for Fn::GetAtt. */
  attributes: string[]
  /** The property with its name, which requires CAPABILITY_NAMED_IAM. */
  nameProperty?: string
  /** @param name for a resource without a name in its properties */
  create(call: Call, properties: Properties, name: string): Made
  mustReplace(before: Properties, after: Properties): boolean
  update(call: Call, made: Made, before: Properties, after: Properties): Made
  remove(call: Call, made: Made, properties: Properties): void
}

const policyDocument = z.union([z.string(), z.record(z.string(), z.unknown())])

const roleProperties = z.strictObject({
  AssumeRolePolicyDocument: policyDocument,
  Description: z.string().optional(),
  ManagedPolicyArns: z.array(z.string()).optional(),
  MaxSessionDuration: z.coerce.number().int().min(3600).max(43_200).optional(),
  Path: z.string().optional(),
  PermissionsBoundary: z.string().optional(),
  Policies: z
    .array(z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument }))
    .optional(),
  RoleName: z.string().optional(),
  Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional(),
})

const inlineProperties = z.strictObject({
  PolicyName: z.string(),
  PolicyDocument: policyDocument,
  Roles: z.array(z.string()).min(1),
})

const rolePolicyProperties = z.strictObject({
  PolicyName: z.string(),
  PolicyDocument: policyDocument,
  RoleName: z.string(),
})

const managedProperties = z.strictObject({
  Description: z.string().optional(),
  ManagedPolicyName: z.string().optional(),
  Path: z.string().optional(),
  PolicyDocument: policyDocument,
  Roles: z.array(z.string()).optional(),
})

const role: Kind = {
  schema: roleProperties,
  attributes: ['Arn', 'RoleId'],
  nameProperty: 'RoleName',
  create(call, properties, generated) {
    const input = roleProperties.parse(properties)
    const name = input.RoleName ?? generated
    const made = createRole(call, {
      name,
      path: input.Path,
      trustPolicy: input.AssumeRolePolicyDocument,
      maxSessionDuration: input.MaxSessionDuration,
      description: input.Description,
      boundary: input.PermissionsBoundary,
      tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    })
    try {
      givePolicies(call, name, {}, input)
    } catch (error) {
      removeRole(call, name, properties)
      throw error
    }
    return { ref: name, attributes: { Arn: made.arn, RoleId: made.id } }
  },
  mustReplace: (before, after) => before.RoleName !== after.RoleName || before.Path !== after.Path,
  update(call, made, before, after) {
    const name = made.ref
    const input = roleProperties.parse(after)
    if (
      JSON.stringify(before.AssumeRolePolicyDocument) !==
      JSON.stringify(after.AssumeRolePolicyDocument)
    ) {
      updateTrust(call, name, input.AssumeRolePolicyDocument)
    }
    if (before.PermissionsBoundary !== after.PermissionsBoundary) {
      setBoundary(call, name, input.PermissionsBoundary)
    }
    if (
      before.MaxSessionDuration !== after.MaxSessionDuration ||
      before.Description !== after.Description
    ) {
      const { MaxSessionDuration = 3600, Description = '' } = input
      updateRole(call, name, { maxSessionDuration: MaxSessionDuration, description: Description })
    }
    givePolicies(call, name, roleProperties.parse(before), input)
    return made
  },
  remove: (call, made, properties) => removeRole(call, made.ref, properties),
}

const inlinePolicy: Kind = {
  schema: inlineProperties,
  attributes: ['Id'],
  create(call, properties) {
    const { PolicyName, PolicyDocument, Roles } = inlineProperties.parse(properties)
    for (const name of Roles) putRolePolicy(call, name, PolicyName, PolicyDocument)
    return { ref: PolicyName, attributes: { Id: PolicyName } }
  },
  mustReplace: () => false,
  update(call, made, before, after) {
    inlinePolicy.remove(call, made, before)
    return inlinePolicy.create(call, after, made.ref)
  },
  remove(call, _, properties) {
    const { PolicyName, Roles } = inlineProperties.parse(properties)
    for (const name of Roles) unlessGone(() => deleteRolePolicy(call, name, PolicyName))
  },
}

const rolePolicy: Kind = {
  schema: rolePolicyProperties,
  attributes: [],
  create(call, properties) {
    const { PolicyName, PolicyDocument, RoleName } = rolePolicyProperties.parse(properties)
    putRolePolicy(call, RoleName, PolicyName, PolicyDocument)
    return { ref: `${PolicyName}|${RoleName}`, attributes: {} }
  },
  mustReplace: () => false,
  update(call, made, before, after) {
    rolePolicy.remove(call, made, before)
    return rolePolicy.create(call, after, made.ref)
  },
  remove(call, _, properties) {
    const { PolicyName, RoleName } = rolePolicyProperties.parse(properties)
    unlessGone(() => deleteRolePolicy(call, RoleName, PolicyName))
  },
}

const managedPolicy: Kind = {
  schema: managedProperties,
  attributes: ['PolicyArn', 'PolicyId'],
  nameProperty: 'ManagedPolicyName',
  create(call, properties, generated) {
    const input = managedProperties.parse(properties)
    const { arn, id } = createPolicy(call, {
      name: input.ManagedPolicyName ?? generated,
      path: input.Path,
      document: input.PolicyDocument,
    })
    try {
      for (const name of input.Roles ?? []) attachRolePolicy(call, name, arn)
    } catch (error) {
      managedPolicy.remove(call, { ref: arn, attributes: {} }, properties)
      throw error
    }
    return { ref: arn, attributes: { PolicyArn: arn, PolicyId: id } }
  },
  mustReplace: (before, after) =>
    before.ManagedPolicyName !== after.ManagedPolicyName || before.Path !== after.Path,
  update(call, made, before, after) {
    managedPolicy.remove(call, made, before)
    return managedPolicy.create(call, after, made.ref.slice(made.ref.lastIndexOf('/') + 1))
  },
  remove(call, made, properties) {
    for (const name of managedProperties.parse(properties).Roles ?? []) {
      unlessGone(() => detachRolePolicy(call, name, made.ref))
    }
    unlessGone(() => deletePolicy(call, made.ref))
  },
}

const kinds: Record<string, Kind> = {
  'AWS::IAM::ManagedPolicy': managedPolicy,
  'AWS::IAM::Policy': inlinePolicy,
  'AWS::IAM::Role': role,
  'AWS::IAM::RolePolicy': rolePolicy,
}

/** Types whose creation requires a capability, with the property that names them. */
const iamNames: Record<string, string | undefined> = {
  'AWS::IAM::AccessKey': undefined,
  'AWS::IAM::Group': 'GroupName',
  'AWS::IAM::InstanceProfile': 'InstanceProfileName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': undefined,
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::RolePolicy': undefined,
  'AWS::IAM::User': 'UserName',
  'AWS::IAM::UserToGroupAddition': undefined,
}

function kindOf(type: string): Kind | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type] : undefined
}

function givePolicies(
  call: Call,
  name: string,
  before: Partial<z.infer<typeof roleProperties>>,
  after: z.infer<typeof roleProperties>,
): void {
  const wanted = new Set((after.Policies ?? []).map(({ PolicyName }) => PolicyName))
  for (const { PolicyName } of before.Policies ?? []) {
    if (!wanted.has(PolicyName)) unlessGone(() => deleteRolePolicy(call, name, PolicyName))
  }
  for (const { PolicyName, PolicyDocument } of after.Policies ?? []) {
    putRolePolicy(call, name, PolicyName, PolicyDocument)
  }
  for (const arn of before.ManagedPolicyArns ?? []) {
    if (!after.ManagedPolicyArns?.includes(arn)) {
      unlessGone(() => detachRolePolicy(call, name, arn))
    }
  }
  for (const arn of after.ManagedPolicyArns ?? []) {
    if (!before.ManagedPolicyArns?.includes(arn)) attachRolePolicy(call, name, arn)
  }
}

/** Deletes the role with its own policies; policies that were attached later prevent the deletion. */
function removeRole(call: Call, name: string, properties: Properties): void {
  const { Policies = [], ManagedPolicyArns = [] } = roleProperties.parse(properties)
  for (const { PolicyName } of Policies) {
    unlessGone(() => deleteRolePolicy(call, name, PolicyName))
  }
  for (const arn of ManagedPolicyArns) unlessGone(() => detachRolePolicy(call, name, arn))
  unlessGone(() => deleteRole(call, name))
}

function unlessGone(remove: () => void): void {
  try {
    remove()
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'NoSuchEntity') throw error
  }
}

/** Worded as the handlers of resources word it. @returns why it failed, or nothing */
function attempt(step: () => void): string | undefined {
  try {
    step()
    return undefined
  } catch (error) {
    if (error instanceof AwsError) {
      if (error.code === 'ValidationError' || error.code === 'NotSimulated') return error.message
      const handler: Record<string, string> = {
        AccessDenied: 'AccessDenied',
        EntityAlreadyExists: 'AlreadyExists',
        NoSuchEntity: 'NotFound',
      }
      const code = handler[error.code] ?? 'InvalidRequest'
      const where = `(Service: Iam, Status Code: ${error.status}, Request ID: ${randomUUID()})`
      return `Resource handler returned message: "${error.message} ${where}" (RequestToken: ${randomUUID()}, HandlerErrorCode: ${code})`
    }
    // Regardless of the cause, the stack fails and the simulator continues.
    return `Internal Failure: ${(error as Error).message}`
  }
}

function readProperties({ schema }: Kind, logicalId: string, properties: unknown): Properties {
  const plain = JSON.parse(JSON.stringify(properties))
  const parsed = schema.safeParse(plain)
  if (parsed.success) return plain
  const problems = parsed.error.issues.map((issue) => {
    const path = ['#', ...issue.path].join('/')
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${path}: extraneous key [${key}] is not permitted`).join(', ')
    }
    return `${path}: ${issue.message}`
  })
  throw invalid(
    `Properties validation failed for resource ${logicalId} with message: [${problems.join(', ')}]`,
  )
}

/** `STACK-LOGICALID-XXXXXXXXXXXX`, at most 64 characters; the same for the same resource of the same stack. */
function physicalName({ id, name }: Stack, logicalId: string, generation: string): string {
  const hash = createHash('sha256').update(`${id} ${logicalId} ${generation}`).digest('base64')
  const suffix = hash.replace(/[^A-Za-z0-9]/g, '').slice(0, 12)
  const room = 64 - suffix.length - 2
  const part = logicalId.slice(0, Math.max(room - name.length, room / 2))
  return [name.slice(0, room - part.length), part, suffix].join('-')
}

/**
 * Whether a name is fixed is read from the template as it is written, also where a condition could take the name
 * away: so nothing passes here that AWS refuses.
 */
function neededCapability({ resources }: Template): string | undefined {
  const iam = [...resources.values()].filter(({ type }) => Object.hasOwn(iamNames, type))
  if (iam.length === 0) return undefined
  const named = iam.some(({ type, properties }) => {
    const property = iamNames[type]
    return property !== undefined && property in properties
  })
  return named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM'
}

function checkCapabilities(template: Template, given: string[]): void {
  const needed = neededCapability(template)
  if (!needed || given.includes(needed) || given.includes('CAPABILITY_NAMED_IAM')) return
  throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`)
}

function checkName(name: string): void {
  const pattern = '[a-zA-Z][-a-zA-Z0-9]*'
  validate(text('stackName', name, { required: true, min: 1, max: 128, pattern }))
}

function stackName({ parameters }: QueryRequest): string {
  const name = parameters.get('StackName')
  validate(text('stackName', name, { required: true, min: 1, max: 2048 }))
  return name!
}

function givenParameters({ parameters }: QueryRequest): {
  values: Map<string, string>
  keep: string[]
} {
  const given = structures(parameters, 'Parameters')
  const kept = given.filter(({ UsePreviousValue }) => UsePreviousValue === 'true')
  const fresh = given.filter((one) => !kept.includes(one))
  return {
    values: new Map(
      fresh.map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]),
    ),
    keep: kept.map(({ ParameterKey = '' }) => ParameterKey),
  }
}

/** Rejects request parameters that the simulator does not implement. */
function refuseOthers({ parameters }: QueryRequest, known: string[]): void {
  const ignored = ['Action', 'Version', 'ClientRequestToken', 'TimeoutInMinutes']
  const common = ['StackName', 'TemplateBody', 'Parameters', 'Capabilities', 'Tags']
  for (const key of parameters.keys()) {
    const name = key.split('.')[0]!
    if ([...ignored, ...common, ...known].includes(name)) continue
    const instead = name === 'TemplateURL' ? ': use TemplateBody' : ''
    throw invalid(`${name} is not simulated${instead}`)
  }
}

function authorize({ accounts, session, region }: Call, action: string, resource: string): void {
  accounts.authorize(session, `cloudformation:${action}`, { protocol: 'query', region, resource })
}

function onBehalf(call: Call): Call {
  const { session, region, accounts, trace } = call
  return { session, region, accounts, trace, invokedBy: 'cloudformation.amazonaws.com' }
}

function trace(
  { session, region, trace: write }: Call,
  action: string,
  request: Record<string, unknown>,
  response: Record<string, unknown> | null,
): void {
  write({ service: 'cloudformation', action, region, session, request, response })
}

/** Without the values of parameters, which may be secret. */
function describeRequest({ name, capabilities, parameters }: NewStack): Record<string, unknown> {
  const keys = [...parameters.keys()].map((parameterKey) => ({ parameterKey }))
  return { stackName: name, parameters: keys, capabilities }
}

function describeStack(stack: Stack): Elements {
  const { template, reason, updatedAt, deletedAt } = stack
  return {
    StackId: stack.id,
    StackName: stack.name,
    ...(template.description !== undefined && { Description: template.description }),
    Parameters: stack.parameters.map(({ key, value }) => ({
      ParameterKey: key,
      ParameterValue: value,
    })),
    CreationTime: timestamp(stack.createdAt),
    ...(updatedAt !== undefined && { LastUpdatedTime: timestamp(updatedAt) }),
    ...(deletedAt !== undefined && { DeletionTime: timestamp(deletedAt) }),
    StackStatus: stack.status,
    ...(reason !== undefined && { StackStatusReason: reason }),
    DisableRollback: String(stack.disableRollback),
    Capabilities: stack.capabilities,
    Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      ...(description !== undefined && { Description: description }),
      ...(exportName !== undefined && { ExportName: exportName }),
    })),
    Tags: stack.tags,
  }
}

function isOf({ accountId, region }: Stack, call: Call): boolean {
  return accountId === call.session.accountId && region === call.region
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message)
}
