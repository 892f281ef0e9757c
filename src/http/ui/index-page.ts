/** The HTML document of the dashboard. It is the same for every path: its script reads the URL. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissingFile } from '../../domain/errors.ts'

/** Text that the build puts in index.html in place of the nonce. */
const PLACEHOLDER = '__NONCE__'

/** 128 bits, as the specification of Content-Security-Policy recommends. */
const NONCE_BYTES = 16

export interface IndexPage {
  readonly html: string
  /** Value of Content-Security-Policy. It allows the style elements that carry the nonce of this page. */
  readonly policy: string
}

/**
 * Returns the page with a new nonce; null if the dashboard is not built. Reads the file each time, so that a new build
 * is served at once.
 */
export async function readIndexPage(folder: string): Promise<IndexPage | null> {
  const html = await readIndex(folder)
  if (html === null) return null
  const nonce = randomBytes(NONCE_BYTES).toString('base64')
  return { html: html.replaceAll(PLACEHOLDER, nonce), policy: policyFor(nonce) }
}

export async function isBuilt(folder: string): Promise<boolean> {
  return (await readIndex(folder)) !== null
}

async function readIndex(folder: string): Promise<string | null> {
  try {
    return await readFile(join(folder, 'index.html'), 'utf8')
  } catch (error) {
    if (!isMissingFile(error)) throw error
    return null
  }
}

/** Allows scripts only as files of this origin. Libraries set `style` attributes, which cannot run or load anything. */
function policyFor(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'none'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join(';')
}
