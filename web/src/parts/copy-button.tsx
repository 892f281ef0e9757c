import { ActionIcon, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { copyText } from './copy-text.ts'

/** Time for which the button shows the result. */
const RESULT_MS = 2_000

export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), RESULT_MS)
    return () => clearTimeout(timer)
  }, [state])
  const message = { idle: label, copied: 'Copied', failed: 'The browser refused: select the text and copy it' }[state]
  return (
    <Tooltip label={message} {...(state !== 'idle' && { opened: true })}>
      <ActionIcon aria-label={message} onClick={() => setState(copyText(text) ? 'copied' : 'failed')}>
        {state === 'copied' ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  )
}
