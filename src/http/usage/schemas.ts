/** Shapes of usage. */
import { Type } from '../json-schema.ts'

const By = Type.Enum(['user', 'username', 'pool', 'day'], { title: 'UsageGrouping' })

export const AskUsage = Type.Object(
  {
    from: Type.Optional(Type.String({ description: 'A day (UTC) or a time; 30 days before "to" when left out' })),
    to: Type.Optional(Type.String({ description: 'A day (UTC) or a time, itself not included; now when left out' })),
    by: Type.Optional(By),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], { title: 'UsageFormat', description: 'Takes the place of Accept' }),
    ),
  },
  { additionalProperties: false },
)

export const UsageView = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    by: By,
    rows: Type.Array(
      Type.Object(
        {
          key: Type.String({ description: 'The owner, the account, the pool or the day (UTC)' }),
          reservations: Type.Integer({ description: 'That were active in the span' }),
          container_minutes: Type.Number({ description: 'Within the span, until now' }),
          waits: Type.Integer({ description: 'Reservations that began to wait in the queue in the span' }),
          wait_seconds: Type.Integer({ description: 'For how long those have waited, all together' }),
        },
        { title: 'UsageRow' },
      ),
    ),
  },
  { title: 'Usage' },
)
