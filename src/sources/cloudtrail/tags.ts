/** The tags that a request sets on resources. */

import type { Resource } from '../../changes/change.ts'
import { indexable } from '../../changes/text.ts'
import { isObject } from '../../json.ts'
import type { Facts } from './facts.ts'
import { JsonReader, scalar } from './json-reader.ts'
import { nounInType } from './kinds.ts'
import { isMasked } from './secrets.ts'

/** AWS allows 50 tags of a resource. */
const MAX_TAGS = 50
/** Where services have the tags of a request, or a list of them inside `Tagging`. */
const TAG_FIELDS = ['tags', 'tagSet', 'tagList', 'tagsToAdd', 'addedTags', 'newTags']
/** Actions that only set tags: they name the tagged resources and nothing else. */
const TAGGING = /^(?:Tag|Add\w*Tags|CreateTags|CreateOrUpdateTags|Put\w*Tagging|Change\w*Tags)/
/** Actions whose first resource is new, with the tags of the request. */
const CREATING =
  /^(?:Create|Run|Allocate|Register|Import|Copy|Restore|Request|Start|Put|Publish|Launch)/

/**
 * Adds the tags to the resources that get them. Removed tags are not read: they are remembered until
 * another value is set.
 *
 * @param resources the most significant first
 */
export function addTags(resources: readonly Resource[], facts: Facts): void {
  const tags = requestTags(facts.params)
  if (Object.keys(tags).length > 0) {
    for (const resource of taggedBy(resources, facts)) resource.tags = tags
  }
  // Only EC2 creates several types at once, each with its tags.
  for (const specification of facts.params.objects('tagSpecificationSet', 'tagSpecifications')) {
    const type = plainType(specification.text('resourceType') ?? '')
    const own = requestTags(specification)
    if (type === '' || Object.keys(own).length === 0) continue
    for (const resource of resources)
      if (plainType(nounInType(resource.type)) === type) resource.tags = own
  }
}

function taggedBy(resources: readonly Resource[], { plainAction }: Facts): readonly Resource[] {
  if (TAGGING.test(plainAction)) return resources
  if (!CREATING.test(plainAction)) return []
  return resources.filter(({ type }) => type === resources[0]?.type)
}

/** `security-group` and `SecurityGroup` are the same type. */
function plainType(type: string): string {
  const plain = type.replaceAll('-', '').toLowerCase()
  return plain === 'elasticip' ? 'eip' : plain
}

/** Tags as services write them: `{k: v}`, `[{key, value}]`, `[{Key, Value}]`, `[{tagKey, tagValue}]`. */
function requestTags(params: JsonReader): Record<string, string> {
  const found: [string, string][] = []
  for (const place of [params, params.object('tagging')]) {
    for (const name of TAG_FIELDS) {
      const value = place.get(name)
      if (value !== undefined) found.push(...pairsOf(value))
    }
  }
  if (found.length === 0) return {}
  const tags = found.flatMap(([key, value]) => {
    const text = indexable(value, 256)
    return isMasked(text) ? [] : [[indexable(key, 128), text] as const]
  })
  // Own properties, so that a key like `__proto__` is a key.
  return Object.fromEntries(tags.slice(0, MAX_TAGS))
}

function pairsOf(value: unknown): [string, string][] {
  const list = JsonReader.of({ list: value }).objects('list')
  const pairs = list.flatMap((tag): [string, string][] => {
    const key = tag.text('key', 'tagKey')
    return key === undefined ? [] : [[key, tag.text('value', 'tagValue') ?? '']]
  })
  if (pairs.length > 0 || !isObject(value)) return pairs
  return Object.entries(value).flatMap(([key, each]): [string, string][] => {
    if (each === '') return [[key, '']]
    const text = scalar(each)
    return text === undefined ? [] : [[key, text]]
  })
}
