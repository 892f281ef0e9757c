/** Chooses the addresses of peer networks. Docker's own address pools have room for only about 30 networks. */
import { type Ipv4Block, overlaps, sizeOf } from '../../../domain/text/ipv4-block.ts'

/** 10.213.0.0/16, as in `src/config/config.ts`. */
export const DEFAULT_RANGE: Ipv4Block = { first: 0x0a_d5_00_00, prefix: 16 }
/** Number of addresses that no container has: those of the network and the gateway, and the broadcast address. */
const RESERVED_ADDRESSES = 3
/** Room for 13 members. Smaller blocks would save addresses that nothing else needs. */
const LONGEST_PREFIX = 28
/** Docker reserves the address before for the gateway, even where no interface has it. */
const FIRST_MEMBER = 2

/** Returns the index of a member's address in the block. */
export function memberAddress(position: number): number {
  return FIRST_MEMBER + position
}

/** Returns, in order, the blocks of the range that have room for `members` and overlap with none of `taken`. */
export function* freeBlocks(range: Ipv4Block, members: number, taken: readonly Ipv4Block[]): Generator<Ipv4Block> {
  const prefix = Math.min(LONGEST_PREFIX, 32 - Math.ceil(Math.log2(members + RESERVED_ADDRESSES)))
  const inRange = taken.filter((other) => overlaps(other, range))
  for (let first = range.first; first < range.first + sizeOf(range); first += sizeOf({ first, prefix })) {
    const block = { first, prefix }
    if (prefix >= range.prefix && !inRange.some((other) => overlaps(other, block))) yield block
  }
}
