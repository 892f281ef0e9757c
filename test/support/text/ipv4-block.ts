import assert from 'node:assert/strict'
import { type Ipv4Block, parseBlock } from '../../../src/domain/text/ipv4-block.ts'

/** Parses a block that is valid. */
export function block(text: string): Ipv4Block {
  const parsed = parseBlock(text)
  assert.ok(parsed, text)
  return parsed
}
