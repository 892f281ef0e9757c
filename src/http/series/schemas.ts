/** Shapes of series. */
import { CONTAINER_STATES } from '../../domain/container.ts'
import { Nullable, Type } from '../json-schema.ts'

export const AskSeries = Type.Object(
  {
    pool: Type.Optional(Type.String({ description: 'All pools together by default' })),
    from: Type.Optional(
      Type.String({
        description: 'A time, a day (UTC), or a relative time like now-24h (default); rounded down to a full step',
      }),
    ),
    to: Type.Optional(
      Type.String({ description: 'A time, a day (UTC), or a relative time like now-1h; now by default' }),
    ),
    step: Type.Optional(
      Type.String({ description: 'A duration like 15m, at least 1s; by default one with at most 120 points' }),
    ),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], { title: 'SeriesFormat', description: 'Takes the place of Accept' }),
    ),
  },
  { additionalProperties: false },
)

const seconds = () => Nullable(Type.Number(), { description: 'null where count is 0' })

const Durations = Type.Object(
  { count: Type.Integer(), p50_seconds: seconds(), p95_seconds: seconds(), max_seconds: seconds() },
  { title: 'SeriesDurations', description: 'Durations of what was completed in the step' },
)

const States = Object.fromEntries(CONTAINER_STATES.map((state) => [state, Type.Number()]))

const Point = Type.Object(
  {
    at: Type.String({ description: 'Start of the step' }),
    size: Type.Number({ description: 'Target size, averaged over the step' }),
    states: Type.Object(States as Record<(typeof CONTAINER_STATES)[number], ReturnType<typeof Type.Number>>, {
      title: 'SeriesStates',
      description: 'Containers in each state, averaged over the step',
    }),
    waiting: Type.Number({ description: 'Reservations in the queue, averaged over the step' }),
    longest_wait_seconds: Type.Number({
      description: 'Longest wait of a reservation by the end of the step, or of its wait; 0 when none waited',
    }),
    reserve: Durations,
    recycle: Durations,
    refusals: Type.Record(Type.String(), Type.Integer(), {
      description: 'Reserves that were refused or failed, by error code; codes without refusals are left out',
    }),
  },
  { title: 'SeriesPoint' },
)

export const SeriesView = Type.Object(
  {
    from: Type.String({ description: 'Start of the first step' }),
    to: Type.String(),
    step_seconds: Type.Number(),
    kept_since: Nullable(Type.String(), {
      description: 'Time of the oldest event that is kept: there are no points before it; null without events',
    }),
    points: Type.Array(Point),
  },
  { title: 'Series' },
)
