/** The drawer for reserving, over the overview: the form, then the wait, then how to log in. */
import { Drawer } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { useMe, useOpenReservations, usePools } from '../../api/lists.ts'
import { usePreviousFocus } from '../../keyboard/use-previous-focus.ts'
import { Loading } from '../../parts/page.tsx'
import { MadeReservation } from './made-reservation.tsx'
import { ReserveForm } from './reserve-form.tsx'
import type { Made } from './use-reserve.ts'
import styles from './reserve.module.css'

export function ReserveDrawer() {
  const [made, setMade] = useState<Made | null>(null)
  const [, navigate] = useLocation()
  const focus = useReturnedFocus()
  const close = () => {
    focus.giveBack()
    // Back to where r was pressed, with its scroll position; a link that was opened has nothing to go back to.
    const state: unknown = history.state
    if (typeof state === 'object' && state !== null && 'from' in state) history.back()
    else navigate('/')
  }
  // While the form is open, it has the keyboard. What was reserved stays beside the page and its terminals.
  const isModal = made === null
  return (
    <Drawer.Root
      opened
      onClose={close}
      position="right"
      size={480}
      // Below dialogs, which ask about what the drawer shows.
      zIndex={150}
      trapFocus={isModal}
      lockScroll={isModal}
      closeOnEscape={isModal}
      closeOnClickOutside={isModal}
      returnFocus={isModal}
    >
      {isModal && <Drawer.Overlay backgroundOpacity={0.35} />}
      <Drawer.Content
        classNames={{ content: styles['drawer'] ?? '' }}
        // Mantine always says that it is modal, which would hide the page and its terminals from screen readers.
        ref={(element) => element?.setAttribute('aria-modal', String(isModal))}
        onFocus={focus.onFocus}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !isModal) close()
        }}
      >
        <Drawer.Header>
          <Drawer.Title>{made === null ? 'Reserve' : 'Your reservation'}</Drawer.Title>
          <Drawer.CloseButton aria-label="Close (Escape)" />
        </Drawer.Header>
        <Drawer.Body>
          {made === null ? <Form onMade={setMade} /> : <MadeReservation made={made} onAnother={() => setMade(null)} />}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

/** Returns the focus to what had it before the drawer, such as a terminal. Mantine does so only while it is mounted. */
function useReturnedFocus() {
  const { previous, onFocus } = usePreviousFocus()
  return {
    onFocus,
    giveBack: () => {
      if (previous.current instanceof HTMLElement) previous.current.focus({ preventScroll: true })
    },
  }
}

function Form({ onMade }: { readonly onMade: (made: Made) => void }) {
  const pools = usePools()
  const me = useMe({ isFresh: true })
  const open = useOpenReservations()
  return (
    <Loading of={pools} what="the pools">
      {(all) => (
        <Loading of={me} what="your limits">
          {(caller) => <ReserveForm pools={all} me={caller} reservations={open.data ?? []} onMade={onMade} />}
        </Loading>
      )}
    </Loading>
  )
}
