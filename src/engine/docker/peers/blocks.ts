/** Chooses the addresses of peer networks. Docker's own pools have room for about 30 networks. */
import { type Ipv4Block, overlaps, sizeOf } from '../../../domain/text/ipv4-block.ts'

/** 10.213.0.0/16, as in `src/config/config.ts`. */
export const DEFAULT_RANGE: Ipv4Block = { first: 0x0a_d5_00_00, prefix: 16 }
/** Addresses of a network that no container has: its own, the gateway's and the broadcast address. */
const NOT_FOR_MEMBERS = 3
/** 13 members. Smaller blocks would save addresses that nothing else needs. */
const LONGEST_PREFIX = 28
/** The second address is the gateway's for Docker, even where no interface has it. */
const FIRST_MEMBER = 2

/** Returns which address of its block a member has. */
export function memberAddress(position: number): number {
  return FIRST_MEMBER + position
}

/** Returns the blocks of the range with room for `members`, in order, that overlap with none of `taken`. */
export function* freeBlocks(range: Ipv4Block, members: number, taken: readonly Ipv4Block[]): Generator<Ipv4Block> {
  const prefix = Math.min(LONGEST_PREFIX, 32 - Math.ceil(Math.log2(members + NOT_FOR_MEMBERS)))
  const inRange = taken.filter((one) => overlaps(one, range))
  for (let first = range.first; first < range.first + sizeOf(range); first += sizeOf({ first, prefix })) {
    const block = { first, prefix }
    if (prefix >= range.prefix && !inRange.some((one) => overlaps(one, block))) yield block
  }
}
