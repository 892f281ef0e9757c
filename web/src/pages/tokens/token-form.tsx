/** Creates a token. Errors of the manager are shown at their fields. */
import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { usePools } from '../../api/lists.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { violationAt } from '../../words/violations.ts'
import { type TokenFields, wantedToken } from './token-text.ts'
import type { useMakeToken } from './tokens.ts'

const EMPTY: TokenFields = { name: '', role: 'user', expiresIn: '90d', containers: '', duration: '', pools: [] }
const PATHS = ['name', 'role', 'expires_in', 'limits.containers', 'limits.duration', 'limits.pools']

export function TokenForm({ make }: { readonly make: ReturnType<typeof useMakeToken> }) {
  const [fields, setFields] = useState(EMPTY)
  const { data: pools = [] } = usePools()
  const { error } = make
  const at = (path: string) => violationAt(error, path)
  const isAtFields = PATHS.some((path) => at(path) !== null)
  const text = (key: 'name' | 'expiresIn' | 'containers' | 'duration', path: string) => ({
    value: fields[key],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) =>
      setFields({ ...fields, [key]: event.currentTarget.value }),
    error: at(path),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!make.isPending) make.mutate(wantedToken(fields))
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="Owner of its reservations. Tokens with the same name share their reservations."
          data-autofocus
          autoComplete="off"
          {...text('name', 'name')}
        />
        <NativeSelect
          label="Role"
          value={fields.role}
          error={at('role')}
          onChange={(event) => setFields({ ...fields, role: event.currentTarget.value === 'admin' ? 'admin' : 'user' })}
          data={[
            { value: 'user', label: 'user: their own reservations' },
            { value: 'admin', label: 'admin: everything' },
          ]}
        />
        <TextInput
          label="Valid for"
          description="For example 90d. Empty: does not expire."
          {...text('expiresIn', 'expires_in')}
        />
        <TextInput
          label="Containers at once"
          description="Empty: no limit."
          inputMode="numeric"
          {...text('containers', 'limits.containers')}
        />
        <TextInput
          label="Longest reservation"
          description="For example 8h. Empty: as the pools allow."
          {...text('duration', 'limits.duration')}
        />
        <Checkbox.Group
          label="Pools"
          description="None selected: all pools."
          value={[...fields.pools]}
          error={at('limits.pools')}
          onChange={(chosen) => setFields({ ...fields, pools: chosen })}
        >
          <Group gap="md" mt={4}>
            {pools.map(({ name }) => (
              <Checkbox key={name} value={name} label={name} />
            ))}
          </Group>
        </Checkbox.Group>
        {error && !isAtFields && <ProblemNote title="The token was not created" error={error} />}
        <Button type="submit" variant="filled" aria-disabled={make.isPending}>
          {make.isPending ? 'creating …' : 'Create the token'}
        </Button>
      </Stack>
    </form>
  )
}
