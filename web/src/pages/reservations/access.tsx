/** How to log in to the containers of a reservation. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { useContainerAction } from '../../actions/container-actions.ts'
import type { Reservation } from '../../api/types.ts'
import { useNotices } from '../../notices/notices.tsx'
import { CommandLine } from '../../parts/command-line.tsx'
import { useConfirm } from '../../parts/confirm.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { useDock } from '../../terminal/dock-context.tsx'
import { consequenceOf, DONE } from '../../words/container-text.ts'
import { sshCommand } from '../../words/reservation-text.ts'
import styles from './reservations.module.css'

type Held = Reservation['containers'][number]

export function Access({ reservation, isMine }: { readonly reservation: Reservation; readonly isMine: boolean }) {
  const { containers, username, state } = reservation
  if (containers.length === 0 || state === 'ended' || state === 'ending') return null
  const keys = containers.flatMap(({ known_hosts: line }) => line ?? [])
  return (
    <section aria-labelledby="access">
      <h2 id="access">Access</h2>
      <ul className={styles['containers']}>
        {containers.map((one) => (
          <HeldContainer key={one.name} held={one} username={username} isMine={isMine} isActive={state === 'active'} />
        ))}
      </ul>
      {keys.length > 0 && (
        <>
          <p className="secondary">
            {keys.length === 1 ? 'Line' : 'Lines'} for ~/.ssh/known_hosts, so that ssh knows the host at the first
            login:
          </p>
          <CommandLine command={keys.join('\n')} label="Copy the lines of known_hosts" />
        </>
      )}
      <p className="secondary">
        If a password was generated, it was shown once, when the reservation was created. SSH keys are those of that
        request.
      </p>
    </section>
  )
}

interface HeldProps {
  readonly held: Held
  readonly username: string
  readonly isMine: boolean
  readonly isActive: boolean
}

function HeldContainer({ held, username, isMine, isActive }: HeldProps) {
  const { name, ready } = held
  const dock = useDock()
  const ssh = sshCommand(username, held)
  const reset = useReset(name)
  return (
    <li>
      <div className={styles['held']}>
        <Link href={`/containers/${name}`}>{name}</Link>
        {isActive && !ready && <span className="soon">being replaced …</span>}
        {isActive && isMine && (
          <Button onClick={() => dock.open(name)} aria-label={`Terminal in ${name}`}>
            Terminal
          </Button>
        )}
        {isActive && (
          <Button onClick={() => void reset.ask()} aria-label={`Reset ${name}`} aria-disabled={reset.isPending}>
            Reset …
          </Button>
        )}
      </div>
      {ssh && <CommandLine command={ssh} label={`Copy the ssh command of ${name}`} />}
      {reset.refused !== null && (
        <ProblemNote title={`${name} was not reset`} error={reset.refused} onClose={reset.close} />
      )}
    </li>
  )
}

function useReset(name: string) {
  const action = useContainerAction(name)
  const confirm = useConfirm()
  const notices = useNotices()
  const [refused, setRefused] = useState<unknown>(null)
  const ask = async () => {
    setRefused(null)
    const question = { title: `Reset ${name}?`, consequence: consequenceOf('reset'), action: `Reset ${name}` }
    if (!(await confirm(question))) return
    action.mutate('reset', { onSuccess: () => notices.done(`${name} ${DONE.reset}`), onError: setRefused })
  }
  return { ask, refused, close: () => setRefused(null), isPending: action.isPending }
}
