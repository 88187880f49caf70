/**
 * What each source adds to the change page. To add a source, create a folder here and add it to the
 * list.
 */

import { cloudtrail } from './cloudtrail/view.tsx'
import { deploy } from './deploy/view.tsx'
import { generic } from './generic.tsx'
import { github } from './github/view.tsx'
import type { SourceView } from './view.ts'

export type { SourceView } from './view.ts'

const VIEWS: Record<string, SourceView> = {
  'aws.cloudtrail': cloudtrail,
  github,
  deploy,
}

/** Sources without a view show their detail field by field. */
export function sourceView(source: string): SourceView {
  return Object.hasOwn(VIEWS, source) ? VIEWS[source]! : generic
}
