/** Names of images, by the grammar of Docker (distribution/reference). */

const LABEL = /[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?/
const HOST = new RegExp(`(?:${LABEL.source}(?:\\.${LABEL.source})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`)
const COMPONENT = /[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*/
const TAG = /\w[\w.-]{0,127}/
const DIGEST = /[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}/
const NAME = new RegExp(
  `^(?:${HOST.source}/)?${COMPONENT.source}(?:/${COMPONENT.source})*(?::${TAG.source})?(?:@${DIGEST.source})?$`,
)

/** Returns whether an image can have this name, such as `debian:12` or `registry.example.org:5000/lab/box@sha256:…`. */
export function isImageName(text: string): boolean {
  return NAME.test(text)
}
