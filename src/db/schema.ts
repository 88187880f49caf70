import type {
  ChangeCountsTable,
  ChangeRecordsTable,
  ChangeSetsTable,
  ChangesTable,
  FacetGroupsTable,
  ResourcesTable,
  UnparsedRecordsTable,
} from './schema/changes.ts'
import type { ConnectionsTable, CoverageTable, VerificationsTable } from './schema/connections.ts'
import type {
  ChangeEnvironmentsTable,
  EnvironmentDependenciesTable,
  EnvironmentLinksTable,
  EnvironmentSetsTable,
  EnvironmentsTable,
} from './schema/environments.ts'
import type {
  IncidentAlertsTable,
  IncidentsTable,
  ServiceMappingsTable,
  VerdictsTable,
} from './schema/incidents.ts'
import type { InstallationTable, WorkerPrincipalsTable } from './schema/installation.ts'
import type {
  DeletedIntegrationsTable,
  DeliveriesTable,
  DeliveryRecoveriesTable,
  IntegrationSecretsTable,
  IntegrationsTable,
  RefusalsTable,
  ReportReceiptsTable,
} from './schema/integrations.ts'
import type {
  ApiKeysTable,
  InvitationsTable,
  MembersTable,
  OrganizationsTable,
  PasswordResetsTable,
} from './schema/organizations.ts'
import type { ChangeRulesTable, NoiseRulesTable, ResourceTagsTable } from './schema/rules.ts'
import type { SavedViewsTable } from './schema/saved-views.ts'

/** All tables. `test/db/schema.integration.test.ts` compares them with the database. */
export interface Schema {
  organizations: OrganizationsTable
  api_keys: ApiKeysTable
  installation: InstallationTable
  connections: ConnectionsTable
  verifications: VerificationsTable
  coverage: CoverageTable
  changes: ChangesTable
  change_records: ChangeRecordsTable
  change_sets: ChangeSetsTable
  resources: ResourcesTable
  facet_groups: FacetGroupsTable
  change_counts: ChangeCountsTable
  unparsed_records: UnparsedRecordsTable
  environments: EnvironmentsTable
  environment_links: EnvironmentLinksTable
  environment_dependencies: EnvironmentDependenciesTable
  incidents: IncidentsTable
  incident_alerts: IncidentAlertsTable
  verdicts: VerdictsTable
  service_mappings: ServiceMappingsTable
  change_rules: ChangeRulesTable
  environment_sets: EnvironmentSetsTable
  change_environments: ChangeEnvironmentsTable
  resource_tags: ResourceTagsTable
  noise_rules: NoiseRulesTable
  saved_views: SavedViewsTable
  members: MembersTable
  invitations: InvitationsTable
  password_resets: PasswordResetsTable
  worker_principals: WorkerPrincipalsTable
  integrations: IntegrationsTable
  integration_secrets: IntegrationSecretsTable
  deliveries: DeliveriesTable
  deleted_integrations: DeletedIntegrationsTable
  delivery_recoveries: DeliveryRecoveriesTable
  report_receipts: ReportReceiptsTable
  refusals: RefusalsTable
}
