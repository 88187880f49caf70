import { type ComponentType, createElement, type ReactNode, use } from 'react'

/** The file of a page, or of a part of one, could not be loaded. */
export class PartNotLoaded extends Error {
  override readonly name = 'PartNotLoaded'
}

type Lazy<Props> = ((props: Props) => ReactNode) & { preload: () => Promise<void> }

const parts = new Set<Lazy<never>>()

/** A component in a file of its own, which is loaded on demand or by `preloadParts`. */
export function lazyPart<Props extends object, Name extends string>(
  load: () => Promise<Record<Name, ComponentType<Props>>>,
  name: Name,
): Lazy<Props> {
  let loading: Promise<ComponentType<Props>> | undefined
  let hasFailed = false
  const start = () => {
    hasFailed = false
    loading = load().then(
      (loaded) => loaded[name],
      (error) => {
        hasFailed = true
        throw new PartNotLoaded(String(error))
      },
    )
    return loading
  }
  const Part: Lazy<Props> = Object.assign(
    (props: Props) => createElement(use(loading ?? start()), props),
    {
      // An error appears when the component is rendered, not when the pointer is over its link.
      async preload() {
        const started = !loading || hasFailed ? start() : loading
        await started.catch(() => {})
      },
    },
  )
  parts.add(Part as Lazy<never>)
  return Part
}

/** Loads every part in advance, so that a click works while the server is unavailable. */
export async function preloadParts(): Promise<void> {
  for (const { preload } of parts) await preload()
}
