import { SegmentedControl, Stack, Switch, useMantineColorScheme } from '@mantine/core'
import { Link } from 'wouter'
import { useMe } from '../../api/lists.ts'
import { useSession } from '../../api/session.ts'
import type { Me } from '../../api/types.ts'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Loading, Page } from '../../parts/page.tsx'
import { ExactTime, TimeLeft, TimeUntil } from '../../parts/time-left.tsx'
import { useSingleKeys, useUtc } from '../../settings/settings.tsx'
import { durationText } from '../../words/time.ts'
import { providerName } from '../sign-in/sign-in-text.ts'
import styles from './me.module.css'

export function MePage() {
  const me = useMe({ isFresh: true })
  return (
    <Page title="Me and settings">
      <Loading of={me} what="your identity">
        {(found) => <Identity me={found} />}
      </Loading>
      <Settings />
    </Page>
  )
}

const WAYS: Readonly<Record<Me['auth'], string>> = {
  none: 'no sign-in: every caller on this machine is an admin (auth: none)',
  token: 'an API token',
  oidc: 'the identity provider',
}

function Identity({ me }: { readonly me: Me }) {
  const { data: session } = useSession()
  const { name, role, auth, expires_at: expires, limits, containers_held: held } = me
  const { containers, duration_seconds: seconds, pools } = limits
  const ways = session?.ways.map((way) => (way === 'token' ? 'API token' : providerName(session.provider))) ?? []
  return (
    <section aria-labelledby="identity" className={styles['section']}>
      <h2 id="identity">Identity</h2>
      <Facts>
        <Fact name="Name">{name}</Fact>
        <Fact name="Role">{role}</Fact>
        <Fact name="Signed in with">{WAYS[auth]}</Fact>
        <Fact name="Valid for">{expires && <TimeLeft at={expires} passed="expired" />}</Fact>
        <Fact name="Session">
          {session?.session && <SessionEnd idle={session.session.idle_until} end={session.session.ends_at} />}
        </Fact>
        <Fact name="Containers">{containers === null ? `${held} held` : `${held} of ${containers} held`}</Fact>
        <Fact name="Longest reservation">
          {seconds === null ? 'as the pools allow' : durationText(seconds * 1_000)}
        </Fact>
        <Fact name="Pools">{pools === null ? 'all' : pools.join(', ')}</Fact>
        <Fact name="Ways to sign in">{ways.join(', ')}</Fact>
      </Facts>
    </section>
  )
}

function SessionEnd({ idle, end }: { readonly idle: string; readonly end: string }) {
  return (
    <>
      ends <TimeUntil at={idle} withEnd /> without use, at the latest <ExactTime at={end} />.{' '}
      <Link href="/sessions">All sessions</Link>
    </>
  )
}

/** Kept in this browser. */
function Settings() {
  const [single, setSingle] = useSingleKeys()
  const [utc, setUtc] = useUtc()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <section aria-labelledby="settings" className={styles['section']}>
      <h2 id="settings">Settings of this browser</h2>
      <Stack gap="sm" align="flex-start">
        <Switch
          label="Single-letter shortcuts (r, e, t, x, g …)"
          description="Turn them off if you trigger them by mistake, for example with speech input."
          checked={single}
          onChange={(event) => setSingle(event.currentTarget.checked)}
        />
        <Switch
          label="Times in UTC"
          description={`Otherwise in ${Intl.DateTimeFormat().resolvedOptions().timeZone}, the browser's time zone.`}
          checked={utc}
          onChange={(event) => setUtc(event.currentTarget.checked)}
        />
        <div>
          <div id="colours">Colours</div>
          <SegmentedControl
            aria-labelledby="colours"
            size="xs"
            value={colorScheme}
            onChange={(value) => setColorScheme(value === 'light' || value === 'dark' ? value : 'auto')}
            data={[
              { value: 'auto', label: 'system' },
              { value: 'light', label: 'light' },
              { value: 'dark', label: 'dark' },
            ]}
          />
        </div>
      </Stack>
    </section>
  )
}
