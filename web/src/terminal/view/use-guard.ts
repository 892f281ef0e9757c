import { useEffect } from 'react'
import type { LinkState } from '../connection/machine.ts'
import { isBusy } from './busy.ts'
import type { OpenShell } from './use-terminal.ts'

/** Makes the browser ask before the window closes while the shell is in use, as after Ctrl+W. */
export function useGuard(shell: OpenShell | null, state: LinkState): void {
  useEffect(() => {
    if (!shell) return
    const ask = (event: BeforeUnloadEvent) => {
      const { isFullScreen, activeAt } = shell.screen
      if (isBusy({ attached: state.kind === 'attached', fullScreen: isFullScreen, activeAt }, Date.now()))
        event.preventDefault()
    }
    globalThis.addEventListener('beforeunload', ask)
    return () => globalThis.removeEventListener('beforeunload', ask)
  }, [shell, state])
}
