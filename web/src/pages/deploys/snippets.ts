/** What reports deploys to Cairn, ready to copy. Keys stay in the secrets of each system. */

interface DeploySnippet {
  id: string
  title: string
  /** Where it goes, and what has to be set first. */
  hint: string
  text: string
}

/** @param url of this Cairn, without a trailing slash */
export function deploySnippets(url: string): DeploySnippet[] {
  return [
    {
      id: 'curl',
      title: 'curl',
      hint: 'Set CAIRN_API_KEY in the environment. Run it again with endsAt and outcome to report the end.',
      text: curl(url),
    },
    {
      id: 'github-action',
      title: 'GitHub Actions',
      hint: 'A step after the deploy. Create the repository secret CAIRN_API_KEY.',
      text: githubAction(url),
    },
    {
      id: 'gitlab',
      title: 'GitLab CI',
      hint: 'A job after the deploy. Create the masked CI/CD variable CAIRN_API_KEY.',
      text: gitlab(url),
    },
    {
      id: 'terraform',
      title: 'Terraform',
      hint: 'Runs in each apply; add depends_on to run after other resources. Set CAIRN_API_KEY where Terraform runs.',
      text: terraform(url),
    },
    {
      id: 'argocd',
      title: 'Argo CD',
      hint: 'For argocd-notifications-cm. Put the key as cairn-api-key in argocd-notifications-secret.',
      text: argocd(url),
    },
    {
      id: 'launchdarkly',
      title: 'LaunchDarkly',
      hint: 'LaunchDarkly can sign its webhooks. Create the integration with this request or on the Integrations page. In LaunchDarkly, add a webhook with the url and secret from the response, and select Sign this webhook.',
      text: launchDarkly(url),
    },
    {
      id: 'unleash',
      title: 'Unleash',
      hint: `Integrations → Webhook: URL ${url}/api/v1/changes, content type application/json, Authorization "Bearer API_KEY", and this body template.`,
      text: unleash(),
    },
    {
      id: 'pagerduty',
      title: 'PagerDuty change events',
      hint: `Tools that send PagerDuty change events can send them to ${url}, with an API key as routing_key.`,
      text: pagerDuty(url),
    },
    {
      id: 'cloudevents',
      title: 'CloudEvents and CDEvents',
      hint: `Sinks that send CloudEvents over HTTP use ${url}/api/v1/cloudevents, with a bearer token.`,
      text: cloudEvents(url),
    },
    {
      id: 'github-api',
      title: 'GitHub deployment API',
      hint: 'Tools that create GitHub deployments can create them in Cairn: set the base URL, and an API key as the token.',
      text: `GITHUB_API_URL=${url}/api/v3`,
    },
  ]
}

const curl = (url: string) => `curl --fail-with-body ${url}/api/v1/changes \\
  -H "Authorization: Bearer $CAIRN_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d @- <<JSON
{
  "summary": "Deployed checkout $(git rev-parse --short HEAD)",
  "version": "$(git rev-parse HEAD)",
  "environments": ["production"],
  "services": ["checkout"],
  "authors": ["$(git log -1 --format=%ae)"],
  "idempotencyKey": "checkout-$(git rev-parse HEAD)"
}
JSON`

const githubAction = (url: string) => `- name: Report the deploy to Cairn
  if: always()
  env:
    CAIRN_API_KEY: \${{ secrets.CAIRN_API_KEY }}
    OUTCOME: \${{ job.status == 'success' && 'succeeded' || 'failed' }}
  run: |
    curl --fail-with-body ${url}/api/v1/changes \\
      -H "Authorization: Bearer $CAIRN_API_KEY" \\
      -H "Content-Type: application/json" \\
      -d @- <<JSON
    {
      "summary": "Deployed $GITHUB_REPOSITORY",
      "version": "$GITHUB_SHA",
      "outcome": "$OUTCOME",
      "environments": ["production"],
      "services": ["\${GITHUB_REPOSITORY#*/}"],
      "authors": ["$GITHUB_ACTOR"],
      "links": [{
        "label": "Workflow run",
        "url": "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
      }],
      "idempotencyKey": "$GITHUB_REPOSITORY/$GITHUB_RUN_ID/$GITHUB_RUN_ATTEMPT"
    }
    JSON`

const gitlab = (url: string) => `report-to-cairn:
  stage: .post
  image: curlimages/curl
  script:
    - |
      curl --fail-with-body ${url}/api/v1/changes \\
        -H "Authorization: Bearer $CAIRN_API_KEY" \\
        -H "Content-Type: application/json" \\
        -d @- <<JSON
      {
        "summary": "Deployed $CI_PROJECT_PATH",
        "startsAt": "$CI_PIPELINE_CREATED_AT",
        "version": "$CI_COMMIT_SHA",
        "environments": ["production"],
        "services": ["$CI_PROJECT_NAME"],
        "authors": ["$GITLAB_USER_EMAIL"],
        "links": [{"label": "Pipeline", "url": "$CI_PIPELINE_URL"}],
        "idempotencyKey": "gitlab/$CI_PIPELINE_ID"
      }
      JSON`

const terraform = (url: string) => `resource "terraform_data" "report_to_cairn" {
  # Different in each apply.
  triggers_replace = [timestamp()]

  provisioner "local-exec" {
    command = <<-SHELL
      curl --fail-with-body ${url}/api/v1/changes \\
        -H "Authorization: Bearer $CAIRN_API_KEY" \\
        -H "Content-Type: application/json" \\
        -d @- <<JSON
      {
        "summary": "Applied Terraform workspace $WORKSPACE",
        "action": "apply",
        "tool": "Terraform",
        "environments": ["production"],
        "services": ["infrastructure"],
        "idempotencyKey": "terraform/$WORKSPACE/$APPLIED_AT"
      }
      JSON
    SHELL
    environment = {
      WORKSPACE  = terraform.workspace
      APPLIED_AT = timestamp()
    }
  }
}`

const argocd = (url: string) => `service.webhook.cairn: |
  url: ${url}/api/v1/changes
  headers:
    - name: Authorization
      value: Bearer $cairn-api-key
    - name: Content-Type
      value: application/json
template.report-to-cairn: |
  webhook:
    cairn:
      method: POST
      body: |
        {
          "summary": "Synced {{.app.metadata.name}}",
          "startsAt": "{{.app.status.operationState.startedAt}}",
          "endsAt": "{{.app.status.operationState.finishedAt}}",
          "outcome": "{{if eq .app.status.operationState.phase "Succeeded"}}succeeded{{else}}failed{{end}}",
          {{with .app.status.sync.revision}}"version": "{{.}}",{{end}}
          "environments": ["production"],
          "services": ["{{.app.metadata.name}}"],
          "tool": "Argo CD",
          "idempotencyKey": "argocd/{{.app.metadata.name}}/{{.app.status.operationState.startedAt}}"
        }
trigger.report-to-cairn: |
  - when: app.status.operationState.phase in ['Succeeded', 'Failed', 'Error']
    oncePer: app.status.operationState.startedAt
    send: [report-to-cairn]`

const launchDarkly = (url: string) => `curl --fail-with-body ${url}/api/v1/integrations \\
  -H "Authorization: Bearer $CAIRN_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"kind": "launchdarkly"}'`

const unleash = () => `{
  "summary": "{{event.createdBy}}: {{event.type}} {{event.featureName}}",
  "action": "{{event.type}}",
  "environments": [{{#event.environment}}"{{event.environment}}"{{/event.environment}}],
  "services": [{{#event.featureName}}"{{event.featureName}}"{{/event.featureName}}],
  "authors": ["{{event.createdBy}}"],
  "tool": "Unleash",
  "idempotencyKey": "unleash/{{event.id}}"
}`

const pagerDuty = (url: string) => `curl --fail-with-body ${url}/v2/change/enqueue \\
  -H "Content-Type: application/json" \\
  -d @- <<JSON
{
  "routing_key": "$CAIRN_API_KEY",
  "payload": {
    "summary": "Deployed checkout",
    "source": "checkout",
    "custom_details": {"environment": "production"}
  }
}
JSON`

const cloudEvents = (url: string) => `curl --fail-with-body ${url}/api/v1/cloudevents \\
  -H "Authorization: Bearer $CAIRN_API_KEY" \\
  -H "Content-Type: application/cloudevents+json" \\
  -d @- <<JSON
{
  "specversion": "1.0",
  "id": "$(date +%s)",
  "source": "/pipelines/checkout",
  "type": "com.example.deployed",
  "subject": "checkout",
  "data": {"summary": "Deployed checkout", "environments": ["production"]}
}
JSON`
