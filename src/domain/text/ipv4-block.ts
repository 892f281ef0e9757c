/** Blocks of IPv4 addresses, such as 10.213.0.0/16. */
export interface Ipv4Block {
  /** The first address, as a number of 32 bits. */
  readonly first: number
  /** Number of leading bits that all addresses of the block share. */
  readonly prefix: number
}

/** Returns the block that an address with a prefix belongs to; null for any other text. */
export function parseBlock(text: string): Ipv4Block | null {
  const [, ...digits] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text) ?? []
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = digits.map(Number)
  if (Math.max(a, b, c, d) > 255 || prefix > 32) return null
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return { first: address - (address % 2 ** (32 - prefix)), prefix }
}

export function formatBlock({ first, prefix }: Ipv4Block): string {
  return `${addressIn({ first, prefix }, 0)}/${prefix}`
}

/** Returns the nth address of the block, counted from 0. */
export function addressIn({ first }: Ipv4Block, nth: number): string {
  const address = first + nth
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

/** Returns the number of addresses. */
export function sizeOf({ prefix }: Ipv4Block): number {
  return 2 ** (32 - prefix)
}

export function overlaps(a: Ipv4Block, b: Ipv4Block): boolean {
  return a.first < b.first + sizeOf(b) && b.first < a.first + sizeOf(a)
}
