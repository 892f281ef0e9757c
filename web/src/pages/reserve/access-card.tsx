/** How to log in: an ssh command for each container, the lines for known_hosts, and terminals. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { Reservation } from '../../api/types.ts'
import { CommandLine } from '../../parts/command-line.tsx'
import { useDock } from '../../terminal/dock-context.tsx'
import { sshCommand } from '../../words/reservation-text.ts'
import { knownHosts } from './commands.ts'
import styles from './reserve.module.css'

export function AccessCard({ reservation }: { readonly reservation: Reservation }) {
  const { id, username, containers } = reservation
  const dock = useDock()
  const lines = knownHosts(reservation)
  return (
    <>
      <ul className={styles['containers']} aria-label="Containers">
        {containers.map((container) => {
          const ssh = sshCommand(username, container)
          return (
            <li key={container.name}>
              <div className={styles['container']}>
                <Link href={`/containers/${container.name}`}>{container.name}</Link>
                <Button aria-label={`Terminal in ${container.name}`} onClick={() => dock.open(container.name)}>
                  Terminal
                </Button>
              </div>
              {ssh !== null && <CommandLine command={ssh} label="Copy the ssh command" />}
            </li>
          )
        })}
      </ul>
      {lines !== '' && (
        <div>
          <div className={styles['label']}>
            {containers.length === 1 ? 'Line' : 'Lines'} for <code>~/.ssh/known_hosts</code>
          </div>
          <CommandLine command={lines} label="Copy the lines of known_hosts" />
        </div>
      )}
      <p>
        <Link href={`/reservations/${id}`}>Open the reservation</Link>
      </p>
    </>
  )
}
