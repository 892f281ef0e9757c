import { ActionIcon, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useCopy } from './copy-provider.tsx'

/** Time for which the button shows that the text was copied. */
const RESULT_MS = 2_000

export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const copy = useCopy()
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), RESULT_MS)
    return () => clearTimeout(timer)
  }, [isCopied])
  const message = isCopied ? 'Copied' : label
  return (
    <Tooltip label={message} {...(isCopied && { opened: true })}>
      <ActionIcon aria-label={message} onClick={() => setCopied(copy(text))}>
        {isCopied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  )
}
