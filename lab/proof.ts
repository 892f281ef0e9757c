/** What proofs share: how much they try, and how they report it to `just prove`. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'

/** Returns `test` in a test run, which has to be short, and `prove` in `just prove`, which sets the variable. */
export function effort(cases: { readonly test: number; readonly prove: number }): number {
  return process.env['PROVE'] === 'all' ? cases.prove : cases.test
}

/** A line of the report: `promise` is the name of the test that shows it. */
export interface Tried {
  readonly promise: string
  readonly cases: number
  /** "random histories", "ports taken" */
  readonly what: string
}

const MARK = 'tried '

/** Reports what this test has tried, after it succeeded. The name of the test is the promise. */
export function tried(t: TestContext, cases: number, what: string): void {
  assert.ok(cases > 0, `${t.name}: nothing was tried`)
  const line: Tried = { promise: t.name, cases, what }
  t.diagnostic(MARK + JSON.stringify(line))
}

/** Returns null for other diagnostics. */
export function readTried(message: string): Tried | null {
  return message.startsWith(MARK) ? (JSON.parse(message.slice(MARK.length)) as Tried) : null
}
