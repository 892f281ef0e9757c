/** Extends and releases reservations. Reports the result, and why an end differs from the requested one. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answerOf } from '../../../src/client/client.ts'
import { useBerth } from '../api/berth.tsx'
import { usePools } from '../api/lists.ts'
import type { Reservation } from '../api/types.ts'
import { useClock } from '../live/clock.tsx'
import { useNotices } from '../notices/notices.tsx'
import { useConfirm } from '../parts/confirm.tsx'
import { useTimeWords } from '../settings/settings.tsx'
import { releasedText, releaseQuestion } from '../words/release-text.ts'
import { extendedText, extensionOf } from './extension.ts'
import { reportExtension } from './report-extension.ts'
import { namesOf, queuedText } from './reservation-names.ts'

const EXTEND = ['extend']

/**
 * Extends by half an hour, or by the pool's default if that is shorter. Does nothing while that reservation is being
 * extended, so that a double click extends it once.
 */
export function useExtend() {
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const clock = useClock()
  const words = useTimeWords()
  const { data: pools } = usePools()
  const extend = useMutation({
    mutationKey: EXTEND,
    mutationFn: (reservation: Reservation) => {
      const pool = pools?.find(({ name }) => name === reservation.pool)
      const params = { path: { id: reservation.id } }
      return answerOf(berth.PATCH('/v1/reservations/{id}', { params, body: { extend: extensionOf(pool) } }))
    },
    onSuccess: (extended, before) => {
      const text = extendedText({ names: namesOf(extended), expiresAt: extended.expires_at }, clock(), words)
      reportExtension(notices, { before, after: extended }, { done: text, unmoved: text, earlier: text })
    },
    onError: (error, reservation) => notices.problem(`${namesOf(reservation)}: not extended`, error),
    onSettled: () => client.invalidateQueries({ queryKey: ['reservations'] }),
  })
  const mutate = (reservation: Reservation) => {
    const isSame = ({ variables }: { variables: unknown }) => (variables as Reservation).id === reservation.id
    const running = client.isMutating({ mutationKey: EXTEND, predicate: ({ state }) => isSame(state) })
    if (running === 0) extend.mutate(reservation)
  }
  return { ...extend, mutate }
}

/** Releases one or more reservations after a confirmation; cancels waiting ones. */
export function useRelease() {
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const confirm = useConfirm()
  const release = useMutation({
    mutationFn: ({ id }: Reservation) => answerOf(berth.DELETE('/v1/reservations/{id}', { params: { path: { id } } })),
    onSuccess: (_, reservation) => notices.done(`${namesOf(reservation)}: ${releasedText(reservation)}`),
    onError: (error, reservation) =>
      notices.problem(`${namesOf(reservation)}: not ${releasedText(reservation)}`, error),
    onSettled: () => client.invalidateQueries({ queryKey: ['reservations'] }),
  })
  const ask = async (reservations: readonly Reservation[]) => {
    const containers = reservations.flatMap((one) => one.containers.map(({ name }) => `${name} (${one.username})`))
    const waiting = reservations.filter((one) => one.containers.length === 0).map(queuedText)
    const agreed = await confirm({ ...releaseQuestion(reservations), names: [...containers, ...waiting] })
    if (agreed) await Promise.allSettled(reservations.map((one) => release.mutateAsync(one)))
  }
  return { ask, isReleasing: (id: string) => release.isPending && release.variables.id === id }
}
