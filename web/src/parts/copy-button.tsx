import { ActionIcon, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { copyText } from './copy-text.ts'

const SHOWN_MS = 2_000

export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [state])
  const says = { idle: label, copied: 'Copied', failed: 'The browser refused: select the text and copy it' }[state]
  return (
    <Tooltip label={says} {...(state !== 'idle' && { opened: true })}>
      <ActionIcon aria-label={says} onClick={() => setState(copyText(text) ? 'copied' : 'failed')}>
        {state === 'copied' ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  )
}
