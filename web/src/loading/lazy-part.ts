/** Parts of the page whose code is loaded when they are shown. */
import { type ComponentType, lazy, type LazyExoticComponent } from 'react'

/** A browser gives up its requests when the networks of its machine change, as they do when an engine adds one. */
const RETRY_PAUSES_MS = [500, 2_000]

/** Returns a component that loads its code when it is first shown, with two more attempts if that fails. */
export function lazyPart<Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({ default: await loadWithRetries(load) }))
}

async function loadWithRetries<T>(load: () => Promise<T>): Promise<T> {
  for (const pauseMs of RETRY_PAUSES_MS) {
    try {
      return await load()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  return load()
}
