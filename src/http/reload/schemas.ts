/** Shapes of a reload. */
import { NullableText, Type } from '../json-schema.ts'

export const Reloaded = Type.Object(
  {
    changes: Type.Array(
      Type.Object(
        {
          path: Type.String({ description: 'Path in berth.yml; `pools.NAME` for a new or removed pool' }),
          before: NullableText({ description: 'As it would be written in berth.yml; null: not set, or no such pool' }),
          after: NullableText({ description: 'The same, as it is now' }),
          description: Type.String({ description: 'The change in words' }),
        },
        { title: 'SettingChange' },
      ),
      { description: 'Settings that have changed; empty if none has' },
    ),
  },
  { title: 'Reloaded', description: 'berth.yml is in effect' },
)
