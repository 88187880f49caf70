import swagger from '@fastify/swagger'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { App } from './context.ts'

/**
 * Describes the routes that are added to `app` after this call, in an OpenAPI document under
 * `/api/openapi.json`.
 */
export async function describeApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Cairn',
        version: '1',
        description:
          'Cairn imports changes from AWS and lists them in a feed. Times are RFC 3339 in UTC. Errors are RFC 9457 problem details. Unknown fields and parameters are rejected.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'connections', description: 'Connected AWS accounts.' },
        { name: 'changes', description: 'The change feed.' },
        { name: 'incidents', description: 'Incidents, and what changed before them.' },
        { name: 'receivers', description: 'What pipelines and other systems send to Cairn.' },
        { name: 'environments', description: 'Groups of changes, such as production and staging.' },
        { name: 'integrations', description: 'Systems that send webhooks, and their deliveries.' },
        { name: 'sign-in', description: 'Sign-in, sessions, and account setup links.' },
        { name: 'people', description: 'Members, invitations and API keys.' },
        { name: 'health', description: 'For load balancers and process managers.' },
      ],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key of an organization.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'cairn.session_token',
            description:
              'The session cookie, set at sign-in. Named `__Secure-cairn.session_token` over HTTPS. Requests that change data must have the same origin.',
          },
        },
      },
      security: [{ key: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidy(jsonSchemaTransformObject(document)),
  })

  let description: string | undefined
  app.get('/api/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    // Public, so it is serialized only once.
    description ??= JSON.stringify(app.swagger())
    return reply.type('application/json').send(description)
  })
}

/**
 * Removes from the document what only zod needs: schemas that no route uses, and patterns that
 * duplicate `format`.
 */
function tidy<Document extends object>(document: Document): Document {
  const text = JSON.stringify(document, (_name, value) => {
    if (value?.format && value.pattern) return { ...value, pattern: undefined }
    return value
  })
  const tidied = JSON.parse(text)
  const { schemas = {} } = tidied.components
  for (let unused: string[] | undefined; unused?.length !== 0; ) {
    const used = JSON.stringify(tidied)
    unused = Object.keys(schemas).filter((name) => !used.includes(`"#/components/schemas/${name}"`))
    for (const name of unused) delete schemas[name]
  }
  return tidied
}
