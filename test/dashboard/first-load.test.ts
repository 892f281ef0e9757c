/** The files that a browser loads before it shows the first page. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { buildDashboard, MAX_FIRST_LOAD_KB } from '../support/browser/dashboard.ts'
import { ROOT } from '../support/text/markdown.ts'

/** Modules that are loaded on demand, with names of CSS classes that only built files with the module contain. */
const ON_DEMAND = { '@xterm/xterm': /xterm-(?:screen|viewport)/, uplot: /\bu-(?:axis|over)\b/ }

buildDashboard()
const DIST = join(ROOT, 'web/dist')
const read = (file: string) => readFileSync(join(DIST, file), 'utf8')

/** Returns the files that index.html names, and those that they import statically, relative to web/dist. */
function firstLoad(): string[] {
  const named = [...read('index.html').matchAll(/(?:src|href)="\/ui\/([^"]+)"/g)].map(([, file]) => file ?? '')
  const found = new Set(named)
  for (const file of found) {
    if (!file.endsWith('.js')) continue
    // `import{a as b}from"./x.js"`, `import"./x.js"` and `export*from"./x.js"`; `import("./x.js")` is on demand.
    for (const [, name] of read(file).matchAll(/(?:\bimport|\bfrom)\s*["']\.\/([^"']+\.js)["']/g)) {
      found.add(`assets/${name}`)
    }
  }
  return [...found]
}

describe('the first load', () => {
  const files = firstLoad()

  it(`is at most ${MAX_FIRST_LOAD_KB} kB`, (t) => {
    const sizes = files.map((file) => ({ file, kb: gzipSync(read(file), { level: 9 }).length / 1000 }))
    const sum = sizes.reduce((all, { kb }) => all + kb, 0)
    t.diagnostic(`${sum.toFixed(1)} kB: ${sizes.map(({ file, kb }) => `${file} ${kb.toFixed(1)}`).join(', ')}`)
    assert.ok(files.some((file) => file.endsWith('.css')) && files.some((file) => /assets\/.*\.js$/.test(file)))
    assert.ok(sum <= MAX_FIRST_LOAD_KB, `${sum.toFixed(1)} kB`)
  })

  it('has neither terminals nor charts in it', () => {
    const sources = globSync('web/src/**/*.{ts,tsx}', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    )
    for (const [module, mark] of Object.entries(ON_DEMAND)) {
      const isUsed = sources.some((text) => text.includes(`'${module}'`))
      const containing = globSync('assets/*.{js,css}', { cwd: DIST }).filter((file) => mark.test(read(file)))
      assert.equal(containing.length > 0, isUsed, `whether a built file contains ${module}, which ${mark} recognises`)
      assert.deepEqual(
        containing.filter((file) => files.includes(file)),
        [],
        module,
      )
    }
  })
})
