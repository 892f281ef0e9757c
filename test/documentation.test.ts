/**
 * What can be checked of the documentation without a manager: links, settings, figures, commands, the length of
 * lines.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { after, describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { parseConfig } from '../src/config/config.ts'
import { anchors, codeBlocks, pages, readPage, ROOT, withoutCode } from './support/text/markdown.ts'

const OTHERS = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'clients/python/README.md',
  'packages/cli/README.md',
  'packages/client/README.md',
]
/** Written by `just prove` and `just bench`. */
const GENERATED = ['docs/reliability.md', 'docs/performance.md']
const MAX_LINE = 120

/** Returns what is wrong with the relative links of a page, given the text of every page that exists. */
function brokenLinks(page: string, text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
  return links.flatMap(([, path = '', anchor]) => {
    const target = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(join(ROOT, target))) return [`${page}: ${target} does not exist`]
    if (anchor === undefined) return []
    const known = anchors(path === '' ? text : readPage(target))
    return known.includes(anchor) ? [] : [`${page}: ${target} has no heading #${anchor}`]
  })
}

describe('the documentation', () => {
  it('has no broken links', () => {
    assert.deepEqual(
      [...pages(), ...OTHERS].flatMap((page) => brokenLinks(page, readPage(page))),
      [],
    )
  })

  it('would be found out if a link were broken', () => {
    assert.deepEqual(brokenLinks('docs/cli.md', '[a](y.md) [b](#there) [c](../README.md#nowhere) [d](api.md#queue)'), [
      'docs/cli.md: docs/y.md does not exist',
      'docs/cli.md: docs/cli.md has no heading #there',
      'docs/cli.md: README.md has no heading #nowhere',
    ])
  })

  it('is complete: docs/README.md links every page', () => {
    const index = readPage('docs/README.md')
    const below = pages().filter((page) => page.startsWith('docs/') && page !== 'docs/README.md')
    for (const page of below) assert.ok(index.includes(`](${page.slice('docs/'.length)})`), page)
  })

  it('shows settings that berth.yml takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-docs-'))
    after(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'lab.yml'), '[]')
    const snippets = pages().flatMap((page) => codeBlocks(readPage(page), 'yaml').map(({ code }) => ({ page, code })))
    assert.ok(snippets.length > 5)
    const missing = { pools: { alpine: { size: 1, ssh_ports: 2221 } } }
    for (const { page, code } of snippets) {
      const whole = stringify({ ...missing, ...parse(code) })
      assert.doesNotThrow(() => parseConfig(whole, join(folder, 'berth.yml'), {}), page)
    }
  })

  it('explains every key of berth.yml', () => {
    const text = readPage('docs/berth-yml.md')
    const known = (yaml: string) => {
      try {
        parseConfig(yaml, 'berth.yml', {})
        return assert.fail('an unknown key is refused')
      } catch (error) {
        const [, keys = ''] = /unknown_key: unknown key; allowed: (.*)/.exec(String(error)) ?? []
        return keys.split(', ')
      }
    }
    const pool = '{ size: 1, ssh_ports: 2221, unknown_key: 1 }'
    const keys = [
      ...known('unknown_key: 1').filter((key) => !['ssh', 'postgres', 'kubernetes', 'pools'].includes(key)),
      ...known('{ database: "postgres://a@b/c", postgres: { unknown_key: 1 } }').map((key) => `postgres.${key}`),
      ...known('{ engine: kubernetes, kubernetes: { unknown_key: 1 } }').map((key) => `kubernetes.${key}`),
      ...known('ssh: { unknown_key: 1 }').map((key) => `ssh.${key}`),
      ...known('ssh: { gateway: { unknown_key: 1 } }').map((key) => `ssh.gateway.${key}`),
      ...known(`pools: { a: ${pool} }`).map((key) => `pools.NAME.${key}`),
    ]
    assert.ok(keys.length > 18, keys.join())
    for (const key of keys) assert.ok(text.includes(`| \`${key}\` |`), key)
  })

  it('names every command of the Justfile', () => {
    const text = readPage('docs/commands.md')
    const shown = readPage('Justfile').replaceAll(/^\[private\]\n.*$/gm, '')
    const recipes = [...shown.matchAll(/^([a-z-]+)(?: \*args)?:(?!=)/gm)].map(([, name]) => name)
    assert.ok(recipes.length > 10)
    for (const recipe of recipes) {
      if (recipe !== 'fmt') assert.match(text, new RegExp(`just ${recipe}\\b`), recipe)
    }
  })

  it('quotes figures that docs/performance.md and docs/reliability.md have, of the same day', () => {
    const rows = readPage('README.md').matchAll(/^\|.*\| ([^|]+) \| \[.*\]\((docs\/\w+\.md)#?(\w*)\), ([\d-]+) \|$/gm)
    const quoted = [...rows]
    assert.ok(quoted.length > 8)
    for (const [row, figure = '', page = '', section, day = ''] of quoted) {
      const text = readPage(page)
      const part = section ? (text.split(/^## /m).find((some) => some.startsWith(`${section}\n`)) ?? '') : text
      const source = part.split('\n').find((line) => line.includes(`| ${figure} |`)) ?? ''
      const why = `README.md: ${row}\nis not in ${page} any more: copy its figure and day from there`
      assert.ok(source !== '' && (section ? part : source).includes(day), why)
    }
  })

  it('has lines of at most 120 characters, apart from tables and code', () => {
    for (const page of [...pages(), ...OTHERS]) {
      if (GENERATED.includes(page)) continue
      const lines = withoutCode(readPage(page)).split('\n')
      assert.deepEqual(
        lines.filter((line) => line.length > MAX_LINE && !/^(\|| {4})/.test(line)),
        [],
        page,
      )
    }
  })

  it('calls the simple API by its name', () => {
    for (const page of pages()) assert.doesNotMatch(readPage(page), /\bseed\b/i, page)
  })
})
