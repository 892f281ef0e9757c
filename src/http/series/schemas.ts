/** Shapes of series. */
import { CONTAINER_STATES } from '../../domain/container.ts'
import { Nullable, Type } from '../json-schema.ts'

export const AskSeries = Type.Object(
  {
    pool: Type.Optional(Type.String({ description: 'All pools together when left out' })),
    from: Type.Optional(
      Type.String({ description: 'A time, a day (UTC), or one like now-24h, the default; moved back to a full step' }),
    ),
    to: Type.Optional(Type.String({ description: 'A time, a day (UTC), now or one like now-1h; now when left out' })),
    step: Type.Optional(
      Type.String({ description: 'A duration like 15m, at least 1s; one that gives at most 120 points when left out' }),
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
  { title: 'SeriesDurations', description: 'Of what was completed in the step' },
)

const States = Object.fromEntries(CONTAINER_STATES.map((state) => [state, Type.Number()]))

const Point = Type.Object(
  {
    at: Type.String({ description: 'Start of the step' }),
    size: Type.Number({ description: 'Target size, averaged over the step' }),
    states: Type.Object(States as Record<(typeof CONTAINER_STATES)[number], ReturnType<typeof Type.Number>>, {
      title: 'SeriesStates',
      description: 'How many containers were in each state, averaged over the step',
    }),
    waiting: Type.Number({ description: 'How many reservations waited in the queue, averaged over the step' }),
    longest_wait_seconds: Type.Number({
      description: 'For how long the reservation that waited longest had been waiting; 0 when none waited',
    }),
    reserve: Durations,
    recycle: Durations,
    refusals: Type.Record(Type.String(), Type.Integer(), {
      description: 'Reserves that were refused or failed, by error code; codes without any are left out',
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
      description: 'When the oldest event that is kept happened: there are no points before; null without any event',
    }),
    points: Type.Array(Point),
  },
  { title: 'Series' },
)
