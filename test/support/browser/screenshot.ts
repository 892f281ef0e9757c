import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'

/** Writes NAME.png to the folder in SCREENSHOTS. Does nothing without that variable. */
export async function screenshot(page: Page, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  // Hiding the caret or ending animations would insert a style, which the Content-Security-Policy refuses.
  const untouched = { caret: 'initial', animations: 'allow' } as const
  await page.screenshot({ path: join(resolve(folder), `${name}.png`), ...untouched, ...options })
}
