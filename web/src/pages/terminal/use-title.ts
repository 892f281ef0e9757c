import { useEffect } from 'react'

/** Names the window after the container, so that several windows can be distinguished. */
export function useTitle(container: string): void {
  useEffect(() => {
    document.title = `${container} · Berth`
  }, [container])
}
