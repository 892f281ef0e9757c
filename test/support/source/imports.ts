/** Which file imports what, and which of that the rules of the house do not allow. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export interface Import {
  /** Relative to the tree's root. */
  readonly from: string
  /** A file relative to the tree's root, or a package's name. */
  readonly to: string
  readonly typeOnly: boolean
  /** `import(…)`: only when it is needed. */
  readonly lazy: boolean
}

/**
 * Static, dynamic and re-exporting imports. Comments are stripped first, so that an example in a docstring is not
 * one.
 */
const IMPORT =
  /\b(import|export)\s+(type\s)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

export function sourceFiles(root: string, kinds = /\.tsx?$/): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => kinds.test(file) && !/(^|\/)(node_modules|dist)\//.test(file) && isFile(join(root, file)))
    .toSorted()
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

export function readImports(root: string): Import[] {
  return sourceFiles(root).flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    return [...text.matchAll(IMPORT)].flatMap(([, , type, named, dynamic]) => {
      const specifier = named ?? dynamic ?? ''
      // Styles import nothing.
      if (specifier.endsWith('.css')) return []
      const local = specifier.startsWith('.')
      const to = local ? relative(root, resolveFile(resolve(root, dirname(from), specifier))) : packageName(specifier)
      return [{ from, to, typeOnly: type !== undefined, lazy: dynamic !== undefined }]
    })
  })
}

/** Sources that Vite builds may leave out the extension. */
function resolveFile(path: string): string {
  return ['', '.ts', '.tsx'].map((extension) => path + extension).find(isFile) ?? path
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

export interface Rule {
  /** The folder or file that it is about, under src. */
  readonly where: string
  /** Folders and files of ours that may be imported there. */
  readonly ours: readonly string[]
  /** Besides, what may be imported lazily only. */
  readonly lazily?: readonly string[]
  /** Packages and node: modules that may be imported there; a trailing * stands for anything. */
  readonly packages: readonly string[]
}

/** What breaks the rules, in words. A file that no rule speaks of breaks them, too. */
export function violations(imports: readonly Import[], files: readonly string[], rules: readonly Rule[]): string[] {
  const ruleOf = (file: string) => rules.find((rule) => isUnder(file, rule.where))
  const unruled = files.filter((file) => !ruleOf(file)).map((file) => `${file}: no rule allows this file`)
  const broken = imports.flatMap(({ from, to, lazy }) => {
    const rule = ruleOf(from)
    if (!rule) return []
    const allowed = /\.tsx?$/.test(to)
      ? [...rule.ours, ...((lazy && rule.lazily) || [])].some((place) => isUnder(to, place))
      : rule.packages.some((name) => (name.endsWith('*') ? to.startsWith(name.slice(0, -1)) : to === name))
    return allowed ? [] : [`${from} imports ${to}`]
  })
  return [...unruled, ...broken]
}

function isUnder(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`)
}

/** Every chain of files that imports itself. */
export function cycles(imports: readonly Import[]): string[][] {
  const next = Map.groupBy(imports, (i) => i.from)
  const found: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start >= 0) {
      found.push([...path.slice(start), file])
      return
    }
    if (done.has(file)) return
    for (const { to } of next.get(file) ?? []) if (next.has(to)) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) visit(file, [])
  return found
}
