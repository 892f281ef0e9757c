import { useEffect, useRef, useState } from 'react'

/**
 * Returns the text of a field and its setter. `apply` is called with the trimmed text when typing pauses for `ms`
 * milliseconds, however often the component renders meanwhile. `value` is the text that applies now; if a link or a
 * button changes it, the field shows the new one.
 */
export function useDebouncedText(
  value: string,
  apply: (text: string) => void,
  ms: number,
): readonly [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(value)
  const applied = useRef(value)
  const latest = useRef(apply)
  useEffect(() => {
    latest.current = apply
  })
  useEffect(() => {
    if (value !== applied.current) setText(value)
    applied.current = value
  }, [value])
  useEffect(() => {
    const typed = text.trim()
    if (typed === applied.current) return
    const timer = setTimeout(() => {
      applied.current = typed
      latest.current(typed)
    }, ms)
    return () => clearTimeout(timer)
  }, [text, ms])
  return [text, setText]
}
