/** Checks a page in its present state with axe-core (WCAG 2.2 AA and best practices). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, ImpactValue } from 'axe-core'
import type { Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const GRAVE: readonly (ImpactValue | undefined)[] = ['serious', 'critical']

/** Throws with every serious or critical problem: the rule, and the elements that break it. */
export async function assertAccessible(page: Page): Promise<void> {
  // Not as a <script>, which the Content-Security-Policy of the page would refuse.
  await page.evaluate(AXE)
  // To read style sheets that it cannot read otherwise, it would add styles, which the policy refuses, too.
  const { violations } = await page.evaluate<AxeResults>(
    "axe.run(document, { resultTypes: ['violations'], preload: false })",
  )
  const grave = violations.filter(({ impact }) => GRAVE.includes(impact))
  const lines = grave.flatMap(({ id, help, impact, nodes }) => [
    `${impact} ${id}: ${help}`,
    ...nodes.map(
      ({ html, failureSummary }) => `  ${html.slice(0, 200)}\n    ${failureSummary?.replaceAll('\n', '\n    ')}`,
    ),
  ])
  assert.equal(lines.length, 0, `${page.url()} is not accessible:\n${lines.join('\n')}`)
}
