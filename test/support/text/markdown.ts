/** The documentation as tests read it: its pages, their code blocks, their headings. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export interface CodeBlock {
  /** `bash`, `yaml`, …; "" when the block names none. */
  readonly language: string
  readonly code: string
}

/** Returns the text of a page, by its path from the root of the repository. */
export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Returns the paths of the README and of all pages below docs/, from the root of the repository. */
export function pages(): string[] {
  const below = readdirSync(join(ROOT, 'docs'), { recursive: true, withFileTypes: true })
  const files = below.filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
  return ['README.md', ...files.map(({ parentPath, name }) => relative(ROOT, join(parentPath, name))).sort()]
}

/** Returns the fenced code blocks of a page in their order. */
export function codeBlocks(text: string, language?: string): CodeBlock[] {
  const all = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ([, name = '', code = '']): CodeBlock => ({ language: name, code }),
  )
  return language === undefined ? all : all.filter((block) => block.language === language)
}

/** Returns a page without its code blocks. */
export function withoutCode(text: string): string {
  return text.replaceAll(/^```\w*\n[\s\S]*?^```$/gm, '')
}

/** Returns the anchors that GitHub makes of a page's headings. */
export function anchors(text: string): string[] {
  const headings = withoutCode(text).matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
