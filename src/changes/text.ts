/**
 * Makes untrusted text safe to store, to index and to use in a sentence.
 */

/**
 * Postgres's btree refuses entries of more than 2,704 bytes. This limit leaves room for several per
 * row.
 */
export const INDEXABLE_BYTES = 512

/** ASCII without control characters: nearly every text of a record. */
const PRINTABLE = /^[\x20-\x7e]*$/
/** The same, without spaces at an end or two together. */
const SPEAKABLE = /^[\x21-\x7e]*(?: [\x21-\x7e]+)*$/

/**
 * Text that Postgres can store and index: no NUL, no lone surrogates, at most `maxBytes` of UTF-8,
 * with no character cut in two.
 */
export function indexable(text: string, maxBytes: number = INDEXABLE_BYTES): string {
  if (text.length <= maxBytes && PRINTABLE.test(text)) return text
  // A UTF-16 code unit takes at most three bytes in UTF-8.
  const candidate = text.length > maxBytes ? text.slice(0, maxBytes + 1) : text
  const clean = unmixed(candidate.toWellFormed())
  if (clean.length * 3 <= maxBytes) return clean
  let bytes = 0
  let end = 0
  for (const character of clean) {
    const code = character.codePointAt(0) ?? 0
    bytes += utf8Length(code)
    if (bytes > maxBytes) break
    end += character.length
  }
  return clean.slice(0, end)
}

/** Without NUL, which Postgres refuses, and 0x1F, which separates texts that are stored as one. */
function unmixed(text: string): string {
  return text.includes('\0') || text.includes('\x1f') ? text.replaceAll(MIXING, '\ufffd') : text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const MIXING = /[\0\x1f]/g

// Control characters, and characters that reorder or hide text: a name must not break a line, color
// a terminal, or look different from what it is.
const UNSPEAKABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g
const SPACES = /\s{2,}/g

/**
 * Text for use in a sentence: one line, no invisible characters, at most `maxLength` characters.
 */
export function spoken(text: string, maxLength: number = 120): string {
  if (text.length <= maxLength && SPEAKABLE.test(text)) return text
  const head = text.length > maxLength * 4 ? text.slice(0, maxLength * 4) : text
  const clean = head.toWellFormed().replace(UNSPEAKABLE, ' ').replace(SPACES, ' ').trim()
  if (clean.length <= maxLength) return clean
  return `${clean
    .slice(0, maxLength - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')}…`
}

/** `a`, `a and b`, `a, b and c`, `a, b and 7 more`. */
export function listed(items: readonly string[], most: number = 3): string {
  if (items.length <= 1) return items[0] ?? ''
  if (items.length <= most) return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
  const shown = items.slice(0, Math.max(1, most - 1))
  return `${shown.join(', ')} and ${items.length - shown.length} more`
}

/** `1 instance`, `2 instances`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : plural(noun)}`
}

export function plural(noun: string): string {
  if (/(s|x|ch|sh)$/.test(noun)) return `${noun}es`
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`
  return `${noun}s`
}

export function withArticle(noun: string): string {
  const an = /^([aeio]|u(?!ni|se)|IAM|API|AMI|SSH|SAML|SQL|OIDC|MFA|EC2|ELB|S3|SNS|SQS|SSM)/.test(
    noun,
  )
  return `${an ? 'an' : 'a'} ${noun}`
}

// Words that camel case joins with their neighbors, or that are usually written differently.
const ACRONYMS =
  /^(VPC|VPN|VPCs|NAT|DB|DBs|DNS|DHCP|ACL|ACLs|API|APIs|SSH|SSL|TLS|IAM|MFA|KMS|ARN|ARNs|URL|URLs|IP|IPs|IPv6|EBS|ECS|EKS|RDS|SNS|SQS|SSM|SAML|SSO|OIDC|CORS|CA|CIDR|CPU|TTL|HTTP|HTTPS|EC2|S3|AMI|FPGA|WAF|OTA|SQL|XSS|PITR|MD5|SES|SMS|DLQ|AWS)$/i
const PROPER: Record<string, string> = {
  acl: 'ACL',
  acls: 'ACLs',
  api: 'API',
  apis: 'APIs',
  arn: 'ARN',
  arns: 'ARNs',
  az: 'AZ',
  cidr: 'CIDR',
  cidrs: 'CIDRs',
  cnames: 'CNAMEs',
  db: 'DB',
  dhcp: 'DHCP',
  dns: 'DNS',
  ebs: 'EBS',
  iam: 'IAM',
  ip: 'IP',
  ips: 'IPs',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  kms: 'KMS',
  mfa: 'MFA',
  nat: 'NAT',
  oidc: 'OIDC',
  saml: 'SAML',
  ssh: 'SSH',
  ssl: 'SSL',
  sso: 'SSO',
  tls: 'TLS',
  ttl: 'TTL',
  url: 'URL',
  urls: 'URLs',
  vpc: 'VPC',
  vpcs: 'VPCs',
  vpn: 'VPN',
}

/** Splits a name in camel case into words as people write them: `DBInstanceClass` → `DB instance class`. */
export function words(name: string): string {
  const cached = wordsSeen.get(name)
  if (cached !== undefined) return cached
  const parts = name
    .slice(0, 200)
    .replace(/IPv(?=[46])/g, 'Ipv')
    .replace(/(ACL|API|ARN|CIDR|CNAME|DB|ID|IP|URL|VPC|VPN)s(?![a-z])/g, plainPlural)
    // A class of HTTP statuses, as in HTTPCode_Target_5XX_Count.
    .replace(/(?<=[1-5])XX(?![a-z])/g, 'xx')
    // AWS writes `dBInstance` for DBInstance and `aRN` for ARN.
    .replace(/^([a-z])([A-Z]{1,2})(?=[A-Z]|$)/, (_, a: string, b: string) => a.toUpperCase() + b)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_.:/-]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const lower = part.toLowerCase()
      if (Object.hasOwn(PROPER, lower)) return PROPER[lower]!
      return ACRONYMS.test(part) && part === part.toUpperCase() ? part : lower
    })
  const said = parts.join(' ')
  if (name.length < 64 && wordsSeen.size < 5_000) wordsSeen.set(name, said)
  return said
}

/** `ACLs` is one word: `Acls`. */
function plainPlural(plural: string): string {
  return plural.charAt(0) + plural.slice(1).toLowerCase()
}

// Names of actions and parameters repeat. The cache is limited, because a caller can invent names.
const wordsSeen = new Map<string, string>()

const IRREGULAR: Record<string, string> = {
  begin: 'began',
  build: 'built',
  get: 'got',
  give: 'gave',
  hold: 'held',
  keep: 'kept',
  leave: 'left',
  let: 'let',
  make: 'made',
  put: 'put',
  override: 'overrode',
  read: 'read',
  rebuild: 'rebuilt',
  redrive: 'redrove',
  reset: 'reset',
  run: 'ran',
  send: 'sent',
  set: 'set',
  shut: 'shut',
  split: 'split',
  take: 'took',
  withdraw: 'withdrew',
  write: 'wrote',
}
const DOUBLED = /^(stop|tag|untag|submit|drop|scan|swap|cancel|transfer)$/

/**
 * The phrase with its first word, a verb, in the past tense: `stop the trail` → `stopped the
 * trail`.
 */
export function past(phrase: string): string {
  const end = phrase.indexOf(' ')
  const verb = end < 0 ? phrase : phrase.slice(0, end)
  const rest = end < 0 ? '' : phrase.slice(end)
  const irregular = Object.hasOwn(IRREGULAR, verb) ? IRREGULAR[verb] : undefined
  if (irregular !== undefined) return irregular + rest
  if (DOUBLED.test(verb)) return `${verb}${verb.at(-1)}ed${rest}`
  if (verb.endsWith('e')) return `${verb}d${rest}`
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied${rest}`
  return `${verb}ed${rest}`
}

/** How many bytes a character takes in UTF-8. */
function utf8Length(code: number): number {
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code < 0x10000 ? 3 : 4
}
