/** The port to API tokens. Only hashes are stored. */
import type { Token } from '../../domain/identity.ts'

export interface TokenStore {
  /** Oldest first. */
  tokens(): Promise<Token[]>
  token(id: string): Promise<Token | null>
  addToken(token: Token, by: string, now: number): Promise<void>
  /** Records that the token was used at this time, unless it was used later. */
  useToken(id: string, now: number): Promise<void>
  /** Deletes the token and the sessions that were made with it. Returns false when there is no such token. */
  removeToken(id: string, by: string, now: number): Promise<boolean>
}
