import { useEffect } from 'react'

/** Names the window after the container, so that several can be told apart. */
export function useTitle(container: string): void {
  useEffect(() => {
    document.title = `${container} · Berth`
  }, [container])
}
