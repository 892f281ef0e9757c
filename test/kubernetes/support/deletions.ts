/** Requests of managers and gateways to delete pods. */
import assert from 'node:assert/strict'
import type { ApiProxy } from '../../../lab/kubernetes/api-proxy.ts'

const POD = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/?]+)/
const PODS = /^\/api\/v1\/namespaces\/[^/]+\/pods\b/

interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly preconditions?: { readonly uid?: string }
}

/**
 * Returns the names of the pods that were deleted. Asserts that each request names one pod by name and uid, and has a
 * grace period. With a grace period of 0, the API server removes the object before the processes are dead.
 */
export function gracefullyDeleted({ requests }: Pick<ApiProxy, 'requests'>): Set<string> {
  const names = new Set<string>()
  for (const { method, path, body } of requests) {
    assert.doesNotMatch(path, /\/eviction\b/)
    if (method !== 'DELETE' || !PODS.test(path)) continue
    const [, name = assert.fail(`the request deletes more than one pod: ${path}`)] = POD.exec(path) ?? []
    assert.doesNotMatch(path, /gracePeriodSeconds/)
    const { gracePeriodSeconds = 0, preconditions } = JSON.parse(body) as DeleteOptions
    assert.ok(gracePeriodSeconds >= 1, `${path}: ${body}`)
    assert.match(preconditions?.uid ?? '', /^[-0-9a-f]{36}$/, `${path}: ${body}`)
    names.add(name)
  }
  return names
}
