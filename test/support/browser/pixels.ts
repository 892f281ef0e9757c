/** Compares what is drawn at several places of a page. */
import type { Page } from 'playwright-core'

export interface Place {
  /** CSS pixels of the viewport, rounded. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Red, green, blue and alpha of each pixel, row by row. */
export type Pixels = readonly number[]

/** Returns the pixels of some places, as a person sees them: with simulated colour vision, which scripts do not see. */
export async function pixelsAt(page: Page, places: readonly Place[]): Promise<readonly Pixels[]> {
  // Hiding the caret or ending animations would insert a style, which the Content-Security-Policy refuses.
  const png = (await page.screenshot({ caret: 'initial', animations: 'allow' })).toString('base64')
  return page.evaluate<Pixels[]>(`(async () => {
    const image = new Image()
    image.src = 'data:image/png;base64,${png}'
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0)
    return ${JSON.stringify(places)}.map(({ x, y, width, height }) => [
      ...context.getImageData(x, y, width, height).data,
    ])
  })()`)
}

/** Returns the number of pixels with a channel that differs by more than `step` of 255. */
export function differingPixels(one: Pixels, other: Pixels, step: number): number {
  const isDifferent = (at: number) =>
    [0, 1, 2].some((channel) => Math.abs((one[at + channel] ?? 0) - (other[at + channel] ?? 0)) > step)
  return Array.from({ length: one.length / 4 }, (_, pixel) => pixel * 4).filter(isDifferent).length
}
