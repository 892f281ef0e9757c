import { type FocusEvent, type RefObject, useRef } from 'react'

interface PreviousFocus {
  /** What had the focus before the element; null until it has had the focus. */
  readonly previous: RefObject<Element | null>
  readonly onFocus: (event: FocusEvent) => void
}

/** Remembers what had the focus before an element, which has `onFocus`, to give it back later. */
export function usePreviousFocus(): PreviousFocus {
  const previous = useRef<Element | null>(null)
  return {
    previous,
    onFocus: ({ relatedTarget, currentTarget }) => {
      // Not a dialog or a menu that belongs to the element: it disappears with the answer.
      if (!(relatedTarget instanceof Element) || relatedTarget.closest('[role=dialog], [role=menu]')) return
      if (!currentTarget.contains(relatedTarget)) previous.current = relatedTarget
    },
  }
}
