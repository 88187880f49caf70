/** Which calls switch off what protects: logs, backups, encryption, deletion protection, detection. */

import type { Edit } from './detail.ts'
import type { Facts } from './facts.ts'
import { memo } from './memo.ts'

const OFF = /^(false|disabled?|off|suspended|inactive|none|no|0|\(empty\))$/i
const ON = /^(true|enabled?|on|active)$/i
/** What protects, or shows what happens: to turn one off is worth a sentence of its own. */
const SWITCH =
  /(deletion|termination|delete|scale_?in|scaleIn).{0,3}protect|deletion_?protection|logging|logs_?enabled|log_?delivery|access_?log|versioning|encrypt|backup|point_?in_?time|pitr|snapshot_?retention|retention_?period|audit|monitoring|rotation|insights|multi_?region_?trail|log_?file_?validation|actions_?enabled|finding|detector|protection|recording|replication|tracing|iam_?(database_?)?authentication|mfa|(^|_)sse(_|$)|sse_?(enabled|specification)|scan_?on_?push|(^|_)logs?(_|$)|force_?ssl|(require|enforce)_?(tls|ssl|https)|secure_?transport|api_?stop|advanced_?security|opt_?in_?preference|kms_?(master_?)?key|web_?acl|include_?global_?service_?events|is_?organization_?trail/i
/** Switches that do not protect against loss, intrusion or silence. */
const NO_PROTECTION = /tracing|insights|monitoring|replication|scale_?in|finding_?publishing/i
const OPTION = /^(skip|force(?!.ssl)|dry|apply|allow|preserve|delete(?!.protect))/i
/** Values that weaken a protection without turning it off, and switches that turn one off when on. */
const WEAKENED: [field: RegExp, to: RegExp][] = [
  [/http_?tokens$/i, /^optional$/],
  [/logging_?configuration_?level$/i, /^OFF$/],
  [/client_?broker$/i, /^(PLAINTEXT|TLS_PLAINTEXT)$/],
  [/no_?password_?required$/i, /^true$/],
  [/unauthenticated_?enabled$/i, /^true$/],
  [/internet_?gateway_?block_?mode$/i, /^off$/],
  [/(^|_)remove_\w*(encrypt|logging|backup|protect)/i, /^true$/],
  [/^disable_?log_?types|export_?configuration_?disable_?log_?types/i, /./],
]
/** A count of days of backups: none is off. */
const DAYS = /retention_?(period|limit|(in_?)?days)|snapshot_?retention/i

/** Actions that end a protection, in any service that has them. */
const ENDING = new RegExp(
  `^(${[
    'StopLogging',
    'Delete(Trail|EventDataStore|Detector|FlowLogs|Alarms|LogDelivery)',
    'Disable(AlarmActions|Logging|SecurityHub|Macie|Key|KeyRotation|SnapshotCopy|EbsEncryptionByDefault)',
    'Disable(OrganizationAdminAccount|ImageDeregistrationProtection|ImportFindingsForProduct|Control)',
    'Disable(Snapshot|Image)BlockPublicAccess',
    'BatchDisableStandards',
    'Stop(MonitoringMembers|ConfigurationRecorder|ActivityStream|StreamEncryption)',
    'Disassociate(FromMasterAccount|FromAdministratorAccount|(Distribution)?WebACL|ResolverQueryLogConfig|KmsKey)',
    'Delete(ConfigurationRecorder|DeliveryChannel|ConfigRule|OrganizationConfigRule|Analyzer|Graph)',
    'DeleteBackup(Plan|Vault|Selection|VaultLockConfiguration)?',
    'Delete(RecoveryPoint|DBInstanceAutomatedBackup|DBClusterAutomatedBackup|SnapshotSchedule)',
    'Delete(BucketEncryption|\\w*LoggingConfiguration|QueryLoggingConfig|WebACL|Protection)',
    'Delete(AccountPasswordPolicy|AnomalyDetector|AnomalyMonitor)',
    'ScheduleKeyDeletion',
    'StopEventDataStoreIngestion',
    'DisableDomainTransferLock',
    'DisableHostedZoneDNSSEC',
    'DisableApplicationLayerAutomaticResponse',
    'DeleteImportedKeyMaterial',
    'CancelRotateSecret',
    'DeactivateMFADevice',
  ].join('|')})$`,
)
/** Service-specific actions whose names are too general. */
const ENDING_IN = new Map([
  ['fms', /^DeletePolicy$/],
  ['guardduty', /^(Disassociate|Delete)Members$|^DeletePublishingDestination$/],
  ['macie2', /^(Disassociate|Delete)Member$/],
  ['securityhub', /^(Disassociate|Delete)Members$/],
  ['bedrock', /^DeleteGuardrail$/],
  ['inspector2', /^Disable$/],
  ['dlm', /^DeleteLifecyclePolicy$/],
  ['shield', /^DeleteSubscription$/],
  ['rbin', /^(DeleteRule|UnlockRule)$/],
  ['securitylake', /^Delete(DataLake|AwsLogSource|DataLakeOrganizationConfiguration)$/],
  ['drs', /^(DisconnectSourceServer|StopReplication)$/],
])
/** Calls that create something have no earlier protection to switch off. */
const CREATES = /^(Create|Run|Register|Restore|Start|Import|Copy|Allocate|Request)/

const joined = memo((field) => field.replaceAll(/[ -]/g, '_'))

function isWeakened({ field, to }: Edit): boolean {
  return to !== undefined && weakening(field).some((pattern) => pattern.test(to))
}

/** The values that weaken what a field protects. */
const weakening = memo((field) =>
  WEAKENED.filter(([pattern]) => pattern.test(joined(field))).map(([, to]) => to),
)

/** Whether the field switches a protection, on or off. */
export function isProtection(field: string, to: string | undefined): boolean {
  const name = joined(field)
  if (/force_?ssl$/i.test(name) && (to === '0' || to === '1')) return true
  if (/(^|_)(remove|disassociate)_/.test(name)) return false
  if (to === undefined || field.startsWith('tag ') || OPTION.test(field) || !SWITCH.test(name))
    return false
  if (DAYS.test(name)) return to === '0'
  return (OFF.test(to) || ON.test(to)) && !/^\d+$/.test(to)
}

/** Services that only detect: what they switch off is detection. */
const DETECTION = /^(guardduty|macie2|inspector2|securityhub|detective|access-analyzer)$/
/** Settings of logs, which end with them. */
const LOGS = /(access|audit|query|flow|connection)_?logs?(_|$)|logging/i

/** Whether the value that a protection is set to turns it off. */
export function isOff(to: string | undefined): boolean {
  return to !== undefined && OFF.test(to)
}

/**
 * Whether a call that succeeded switched off a protection.
 *
 * @param edits as the change shows them
 */
export function endsProtection(
  { plainAction, service, params }: Facts,
  edits: readonly Edit[],
): boolean {
  if (ENDING.test(plainAction) || ENDING_IN.get(service)?.test(plainAction) === true) return true
  if (service === 'guardduty' && plainAction === 'UpdateDetector')
    return params.flag('enable') === false
  if (service === 'dlm' && plainAction === 'UpdateLifecyclePolicy')
    return params.text('state') === 'DISABLED'
  if (plainAction === 'PutEventSelectors') {
    const selectors = params.objects('eventSelectors')
    return (
      selectors.length > 0 &&
      selectors.every((selector) => selector.flag('includeManagementEvents') === false)
    )
  }
  if (CREATES.test(plainAction)) return false
  if (DETECTION.test(service) && /^(Batch)?Update/.test(plainAction)) {
    if (edits.some(({ to }) => isOff(to) || to === 'PAUSED')) return true
  }
  return edits.some((edit) => {
    const { field, to, note } = edit
    const isSwitchedOff = isOff(to) && isProtection(field, to)
    const isRemoved = to === undefined && note === 'removed' && LOGS.test(joined(field))
    return isWeakened(edit) || ((isSwitchedOff || isRemoved) && !NO_PROTECTION.test(joined(field)))
  })
}
