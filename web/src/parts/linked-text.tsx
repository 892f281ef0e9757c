import { withLinks } from '../words/links.ts'

/** Text written by a person, with its web addresses as links. */
export function LinkedText({ text }: { readonly text: string }) {
  return withLinks(text).map(({ text: part, href }, index) =>
    href === null ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their position
      <a key={index} href={href} target="_blank" rel="noopener noreferrer">
        {part}
      </a>
    ),
  )
}
