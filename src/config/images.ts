/** Base images that berth.yml pins: `images: { berth/box: { base: "debian:12" } }`. */
import type { SettingsReader } from './reader.ts'
import * as value from './values.ts'
import { type OwnImage, ownImages } from '../domain/pool.ts'

const IMAGE = { base: { parse: value.imageName, default: undefined } } as const

/** Returns the images that Berth builds, if these are the images of the pools. Reports pins of any other image. */
export function readImages(reader: SettingsReader, content: unknown, poolImages: readonly string[]): OwnImage[] {
  const bases = new Map<string, string>()
  const built = ownImages(poolImages, bases).map(({ name }) => name)
  for (const [name, image] of Object.entries(reader.section(content, ['images']))) {
    const { some } = reader.map(image, ['images', name], IMAGE)
    if (!built.includes(name)) {
      reader.report(['images', name], `Berth builds no image of this name for a pool; it builds ${built.join(', ')}`)
    } else if (some.base !== undefined) bases.set(name, some.base)
  }
  return ownImages(poolImages, bases)
}
