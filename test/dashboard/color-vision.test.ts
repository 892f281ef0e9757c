/** States of containers can be distinguished with colour-vision deficiencies, in greyscale and with forced colours. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '../support/browser/browser.ts'
import { makeReservation, testDashboard } from '../support/browser/dashboard.ts'
import type { Person, PersonOptions } from '../support/browser/person.ts'
import { differingPixels, type Pixels, pixelsAt, type Place } from '../support/browser/pixels.ts'
import { screenshot } from '../support/browser/screenshot.ts'

/** Slot n of each pool is shown in the nth state. The first one is really reserved. */
const STATES = ['reserved', 'ready', 'creating', 'removing', 'broken', 'quarantined'] as const

/** Difference of a colour channel that is visible in a shape of a few pixels: a fifth of the range. */
const STEP = 51
/** Number of pixels that must differ between two marks: a third of the 50 of the smallest, a ring 10 px wide. */
const MIN_PIXELS = 16

/** The place of the mark in a tile of each size: its shape, without numbers and words. */
const SIZES = {
  large: { size: 6, mark: { x: 8, y: 4, width: 16, height: 20 } },
  medium: { size: 40, mark: { x: 4, y: 1, width: 14, height: 16 } },
  small: { size: 130, mark: { x: 7, y: 1, width: 14, height: 13 } },
  dot: { size: 410, mark: { x: 0, y: 0, width: 14, height: 14 } },
} as const
type SizeName = keyof typeof SIZES
const NAMES = Object.keys(SIZES) as SizeName[]

const further = Object.fromEntries(
  NAMES.slice(1).map((name, nth) => {
    const first = 31_000 + nth * 1_000
    const { size } = SIZES[name]
    return [name, { size, ssh_ports: `${first}-${first + size - 1}` }]
  }),
)
const manager = await testDashboard('vision', { engine: 'memory', size: SIZES.large.size, further })
const { person } = await openBrowser()
const poolOf = (name: SizeName) => (name === 'large' ? manager.pool : `${manager.pool}${name}`)
for (const name of NAMES) {
  await makeReservation(manager, { username: 'ada', pool: poolOf(name) })
}

/** Opens the overview, with containers in all states: "creating" and "removing" do not last. */
async function openStates(options: Omit<PersonOptions, 'url'>): Promise<{ ada: Person; page: Page }> {
  const ada = await person({ url: manager.url, height: 1_500, ...options })
  await ada.page.route(/\/v1\/containers(\?|$)/, async (route) => {
    const response = await route.fetch()
    // Not modified: the page keeps what it has read.
    if (response.status() !== 200) return route.fulfill({ response })
    const body = (await response.json()) as { containers: { name: string; state: string; error: string | null }[] }
    const containers = body.containers.map((one) => ({
      ...one,
      state: STATES[Number(/-(\d+)$/.exec(one.name)?.[1]) - 1] ?? one.state,
    }))
    return route.fulfill({ response, json: { ...body, containers } })
  })
  const page = await ada.open()
  await page.locator(`[data-slot="${poolOf('dot')}-6"][data-state="quarantined"]`).waitFor()
  return { ada, page }
}

async function marksOf(page: Page, name: SizeName): Promise<readonly Pixels[]> {
  const { mark } = SIZES[name]
  const places = await Promise.all(
    STATES.map(async (_, index): Promise<Place> => {
      const box = await page.locator(`[data-slot="${poolOf(name)}-${index + 1}"]`).boundingBox()
      assert.ok(box)
      return { ...mark, x: Math.round(box.x) + mark.x, y: Math.round(box.y) + mark.y }
    }),
  )
  return pixelsAt(page, places)
}

/** Compares each state with each other one, at every size of the tiles. */
async function assertApart(t: TestContext, page: Page, sight: string): Promise<void> {
  for (const name of NAMES) {
    const marks = await marksOf(page, name)
    const pairs = STATES.flatMap((one, index) =>
      STATES.slice(index + 1).map((other, nth) => {
        const count = differingPixels(marks[index] ?? [], marks[index + 1 + nth] ?? [], STEP)
        return { pair: `${one} and ${other}`, count }
      }),
    )
    const [least] = pairs.toSorted((a, b) => a.count - b.count)
    t.diagnostic(`${sight}, ${name}: ${least?.pair} differ least, in ${least?.count} pixels`)
    for (const { pair, count } of pairs) {
      assert.ok(count >= MIN_PIXELS, `${sight}, ${name}: ${pair} differ in ${count} pixels`)
    }
  }
}

describe('the six states of a container', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    it(`can be distinguished with every colour-vision deficiency and in greyscale, ${colorScheme}`, async (t) => {
      const { ada, page } = await openStates({ colorScheme })
      await screenshot(page, `states-${colorScheme}`)
      const emulation = await ada.context.newCDPSession(page)
      for (const type of ['none', 'protanopia', 'deuteranopia', 'tritanopia', 'achromatopsia'] as const) {
        await emulation.send('Emulation.setEmulatedVisionDeficiency', { type })
        await assertApart(t, page, type)
        if (type === 'achromatopsia') await screenshot(page, `states-${colorScheme}-greyscale`)
      }
    })

    it(`can be distinguished with forced colours, ${colorScheme}`, async (t) => {
      const { page } = await openStates({ colorScheme, forcedColors: true })
      await screenshot(page, `states-${colorScheme}-forced`)
      await assertApart(t, page, 'forced colours')
    })
  }

  it('have no differing pixels when they are drawn twice', async () => {
    const { page } = await openStates({})
    for (const name of NAMES) {
      const [one, other] = [await marksOf(page, name), await marksOf(page, name)]
      for (const [index] of STATES.entries()) {
        assert.equal(differingPixels(one[index] ?? [], other[index] ?? [], STEP), 0)
      }
    }
  })

  it('have no animation for a person who prefers reduced motion', async () => {
    const { page } = await openStates({ reducedMotion: true })
    const moving = () =>
      page.evaluate<string[]>(
        `document.getAnimations().filter(({ playState }) => playState === 'running')
          .map(({ effect }) => effect.target.outerHTML.slice(0, 100))`,
      )
    assert.deepEqual(await moving(), [])
    await page.getByRole('button', { name: 'Reserve', exact: true }).click()
    await page.getByLabel('Count', { exact: true }).waitFor()
    assert.deepEqual(await moving(), [])
  })
})
