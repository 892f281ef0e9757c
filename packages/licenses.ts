import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Returns the licence texts of the npm packages to which these input files belong. A bundle must contain them. */
export function licensesOf(inputs: readonly string[], root: string): string {
  const names = inputs.flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [])
  const texts = [...new Set(names)].toSorted().map((name) => {
    const folder = join(root, 'node_modules', name)
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt'].map((each) => join(folder, each)).find(existsSync)
    if (file === undefined) throw new Error(`${folder} has no file LICENSE: find its licence, and name that file here`)
    return `## ${name}\n\n${readFileSync(file, 'utf8').trim()}\n`
  })
  return `This package contains the following packages.\n\n${texts.join('\n')}`
}
