/** Images that Berth builds itself (`images/`). Others belong to the user. */

/** The shipped image: the default of pools, and what the firewall runs from. */
export const BOX_IMAGE = 'berth/box'

/** Every image of this name is built from `images/`, such as `berth/alpine`, the default of earlier versions. */
const OWN_IMAGE = /^berth\//

export interface OwnImage {
  readonly name: string
  /** Image of the distribution to build on, such as "debian:12"; null for whichever can be had. */
  readonly base: string | null
}

/** Returns the images to build: the shipped one, and those of Berth that pools name. */
export function ownImages(named: readonly string[], bases: ReadonlyMap<string, string>): OwnImage[] {
  const names = new Set([BOX_IMAGE, ...named.filter((image) => OWN_IMAGE.test(image))])
  return [...names].map((name) => ({ name, base: bases.get(name) ?? null }))
}
