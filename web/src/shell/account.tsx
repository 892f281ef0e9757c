import { Menu, UnstyledButton } from '@mantine/core'
import { UserRound } from 'lucide-react'
import { useLocation } from 'wouter'
import { useSession, useSignOut } from '../api/session.ts'
import { useNotices } from '../notices/notices.tsx'
import styles from './account.module.css'

/** Menu of the person who is signed in, with the sign-out. Says "no sign-in" with `auth: none`. */
export function Account() {
  const { data: session } = useSession()
  const signOut = useSignOut()
  const notices = useNotices()
  const [, navigate] = useLocation()
  if (!session?.identity) return null
  if (session.auth === 'none') {
    return (
      <span className="secondary" title="auth: none in berth.yml. Every caller on this machine is an admin.">
        no sign-in
      </span>
    )
  }
  return (
    <Menu>
      <Menu.Target>
        <UnstyledButton
          className={styles['account'] ?? ''}
          title={`${session.identity.name}, ${session.identity.role}`}
        >
          <UserRound className={styles['icon']} size={16} aria-hidden />
          <span className={styles['name']}>
            {session.identity.name} <span className="secondary">{session.identity.role}</span>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => navigate('/me')}>Me and settings</Menu.Item>
        <Menu.Item onClick={() => navigate('/sessions')}>Sessions</Menu.Item>
        <Menu.Item
          onClick={() => signOut.mutate(undefined, { onError: (error) => notices.problem('Not signed out', error) })}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
