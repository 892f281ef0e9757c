/** Sends a reserve. The same fields are sent with the same Idempotency-Key until the manager has answered. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { ApiError, answerOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import type { Reserved, ReserveRequest } from '../../api/types.ts'
import { useClock } from '../../live/clock.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { type Fields, requestOf } from './reserve-fields.ts'

export interface Made {
  readonly request: ReserveRequest
  readonly reserved: Reserved
}

interface Attempt {
  readonly fields: string
  readonly key: string
  readonly request: ReserveRequest
}

export function useReserve() {
  const berth = useBerth()
  const client = useQueryClient()
  const clock = useClock()
  const words = useTimeWords()
  const attempt = useRef<Attempt | null>(null)
  return useMutation({
    mutationFn: async (fields: Fields): Promise<Made> => {
      const written = JSON.stringify(fields)
      // After a lost answer, the same request is repeated: even a duration up to an end time must stay the same.
      if (attempt.current?.fields !== written) {
        attempt.current = { fields: written, key: newKey(), request: requestOf(fields, clock(), words) }
      }
      const { key, request } = attempt.current
      try {
        const headers = { 'idempotency-key': key }
        const reserved = await answerOf(berth.POST('/v1/reservations', { body: request, params: { header: headers } }))
        attempt.current = null
        return { request, reserved }
      } catch (error) {
        if (isAnswer(error)) attempt.current = null
        throw error
      }
    },
    onSettled: () => Promise.all([['reservations'], ['me']].map((queryKey) => client.invalidateQueries({ queryKey }))),
  })
}

/** Error codes without an answer of the manager: it may have reserved, or not. */
const NO_ANSWER: readonly string[] = ['unreachable', 'not_berth', 'https_required']

/** Whether the manager has decided. */
function isAnswer(error: unknown): boolean {
  return error instanceof ApiError && !NO_ANSWER.includes(error.code)
}

/** crypto.randomUUID exists on https and localhost only. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
