/** Finds text that is cut off: beyond the window, or beyond an element that hides what is outside it. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

/**
 * Returns the texts that are cut off. Text that can be scrolled to inside a part of the page does not count, nor does
 * text that ends with an ellipsis: another page shows all of it.
 */
const FIND = `(() => {
  const TOLERANCE_PX = 2
  const range = document.createRange()
  const isHiddenOnPurpose = (element) =>
    !element.checkVisibility() || element.closest('[aria-hidden=true], .xterm') !== null ||
    [element, element.parentElement].some((one) => one !== null && getComputedStyle(one).clipPath !== 'none')
  const cutBy = (element, box) => {
    for (let around = element; around !== null && around !== document.body; around = around.parentElement) {
      const { overflowX, overflowY, position, textOverflow } = getComputedStyle(around)
      const edge = around.getBoundingClientRect()
      if (/auto|scroll/.test(overflowX) || textOverflow === 'ellipsis') return null
      if (/hidden|clip/.test(overflowX) && (box.right > edge.right + TOLERANCE_PX || box.left < edge.left - TOLERANCE_PX))
        return around
      if (/hidden|clip/.test(overflowY) && (box.bottom > edge.bottom + TOLERANCE_PX || box.top < edge.top - TOLERANCE_PX))
        return around
      if (position === 'fixed') break
    }
    return box.right > innerWidth + TOLERANCE_PX || box.left < -TOLERANCE_PX ? document.body : null
  }
  const found = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement
    if (node.data.trim() === '' || element.closest('script, noscript, style, .skip-link') || isHiddenOnPurpose(element)) continue
    range.selectNodeContents(node)
    const box = range.getBoundingClientRect()
    const cutting = box.width === 0 ? null : cutBy(element, box)
    if (cutting !== null) found.push(node.data.trim().slice(0, 60) + ' (by ' + cutting.tagName + '.' + cutting.className + ')')
  }
  return found
})()`

/** Throws if the page can be scrolled sideways, or text is cut off. */
export async function assertNothingCutOff(page: Page): Promise<void> {
  const { width, room } = await page.evaluate<{ width: number; room: number }>(
    '({ width: document.documentElement.scrollWidth, room: innerWidth })',
  )
  assert.ok(width <= room, `${page.url()} is ${width} px wide, and the window ${room} px`)
  const found = await page.evaluate<string[]>(FIND)
  assert.deepEqual(found, [], `cut off at ${room} px on ${page.url()}`)
}

/** Returns the texts of table cells that end with an ellipsis. */
export function cutCells(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`
    [...document.querySelectorAll('td, th')]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map(({ innerText }) => innerText)`)
}
