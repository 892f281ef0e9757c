/** The alerts and the dashboard in deploy/: promtool's own checks, and that the manager has each metric they query. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parse } from 'yaml'
import { openApi } from '../../lab/api.ts'
import { runTool } from '../support/test-tools.ts'
import { ROOT } from '../support/text/markdown.ts'

const PROMETHEUS = join(ROOT, 'deploy/prometheus')

interface Rule {
  readonly alert: string
  readonly expr: string
}
interface Panel {
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly expr: string }[]
}
interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}

const folder = mkdtempSync(join(tmpdir(), 'berth-monitoring-'))
after(() => rmSync(folder, { recursive: true }))

const rules = (parse(readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8')) as { groups: { rules: Rule[] }[] }).groups
  .flatMap((group) => group.rules)
  .map(({ alert, expr }) => ({ name: alert, expr }))
const dashboard = JSON.parse(readFileSync(join(ROOT, 'deploy/grafana/berth.json'), 'utf8')) as Dashboard
const queries = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ name: title, expr }))),
  ...dashboard.templating.list.flatMap(({ name, definition }) => (definition ? [{ name, expr: definition }] : [])),
]

const api = await openApi()

/** Returns the names of all samples, also of those that have no value yet. */
async function exposed(): Promise<string[]> {
  const text = (await api.server.inject('/metrics')).payload
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  )
}

/** Returns the metrics of the manager in an expression. `up` is Prometheus' own. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\b(?:berth|process|nodejs)_\w+/g)].map(([name]) => name)
}

/** Returns a sentence for each metric in an expression that the manager does not have. */
function unknown(known: readonly string[], { name, expr }: { name: string; expr: string }): string[] {
  return metricsIn(expr).flatMap((metric) => (known.includes(metric) ? [] : [`${name} queries ${metric}`]))
}

describe('alerts for Prometheus', () => {
  it('are valid, and promtool refuses them with a mistake', async () => {
    const checked = await runTool('promtool', ['check', 'rules', 'alerts.yml'], PROMETHEUS)
    assert.equal(checked.code, 0, checked.output)
    const flawed = join(folder, 'flawed.yml')
    writeFileSync(flawed, readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8').replace('> 0', '> > 0'))
    assert.notEqual((await runTool('promtool', ['check', 'rules', flawed])).code, 0)
  })

  it('fire when they should and not before, and the tests of promtool fail if one does not', async () => {
    const tested = await runTool('promtool', ['test', 'rules', 'alerts.test.yml'], PROMETHEUS)
    assert.equal(tested.code, 0, tested.output)
    for (const { name } of rules) {
      const fires = new RegExp(`labels: 'ALERTS\\{alertname="${name}"`)
      assert.match(readFileSync(join(PROMETHEUS, 'alerts.test.yml'), 'utf8'), fires, `${name} has no test`)
    }
    const late = join(folder, 'late')
    cpSync(PROMETHEUS, late, { recursive: true })
    const alerts = readFileSync(join(late, 'alerts.yml'), 'utf8')
    writeFileSync(join(late, 'alerts.yml'), alerts.replace('for: 2m', 'for: 20m'))
    const failed = await runTool('promtool', ['test', 'rules', 'alerts.test.yml'], late)
    assert.equal(failed.code, 1)
    assert.match(failed.output, /BerthDown/)
  })

  it('are scraped and loaded by the example of prometheus.yml', async () => {
    const copy = join(folder, 'example')
    cpSync(PROMETHEUS, copy, { recursive: true })
    writeFileSync(join(copy, 'berth.token'), 'berth_token')
    const { code, output } = await runTool('promtool', ['check', 'config', 'scrape.yml'], copy)
    assert.equal(code, 0, output)
    assert.match(output, new RegExp(`\\b${rules.length} rules found`))
  })

  it('query only metrics that the manager has', async () => {
    const known = await exposed()
    assert.deepEqual(
      rules.flatMap((rule) => unknown(known, rule)),
      [],
    )
    assert.ok(rules.length > 5)
    assert.deepEqual(unknown(known, { name: 'flaw', expr: 'sum(berth_nothing{a="b"})' }), [
      'flaw queries berth_nothing',
    ])
  })

  it('are explained in docs/deploy.md', () => {
    const page = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8')
    for (const { name } of rules) assert.ok(page.includes(`| \`${name}\` |`), name)
  })
})

describe('the dashboard for Grafana', () => {
  it('queries only metrics that the manager has', async () => {
    const known = await exposed()
    assert.ok(queries.length > 10)
    assert.deepEqual(
      queries.flatMap((query) => unknown(known, query)),
      [],
    )
  })

  it('has queries that Prometheus can parse', async () => {
    const parsed = dashboard.panels.flatMap(({ targets }) =>
      targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')),
    )
    const file = join(folder, 'dashboard.yml')
    const asRules = parsed.map((expr, nth) => ({ record: `panel:${nth}`, expr }))
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }))
    const { code, output } = await runTool('promtool', ['check', 'rules', file])
    assert.equal(code, 0, output)
  })

  it('has panels of different numbers that do not cover each other', () => {
    const { panels } = dashboard
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    for (const { title, gridPos: a } of panels) {
      const covered = panels.filter(
        ({ gridPos: b }) => a !== b && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
      )
      assert.deepEqual(covered, [], title)
      assert.ok(a.x + a.w <= 24, title)
    }
  })
})
