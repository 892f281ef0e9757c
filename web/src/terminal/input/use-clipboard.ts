/** Copy and paste of one terminal, also on plain HTTP, and the permission of its programs to copy. */
import { type RefObject, useEffect, useRef, useState } from 'react'
import { useNotices } from '../../notices/notices.tsx'
import { useCopy } from '../../parts/copy/copy-provider.tsx'
import { copyText } from '../../parts/copy/copy-text.ts'
import { cleanPaste, mustAsk } from '../screen/paste-rules.ts'
import type { PasteQuestion } from './paste-dialog.tsx'
import type { OpenShell } from '../view/use-terminal.ts'

export function useTerminalClipboard(host: RefObject<HTMLDivElement | null>, shell: OpenShell | null) {
  const notices = useNotices()
  const copyOrShow = useCopy()
  const [question, setQuestion] = useState<PasteQuestion | null>(null)
  const [offered, setOffered] = useState<string | null>(null)
  const agreed = useRef(false)
  const mayCopy = useRef<'ask' | 'yes' | 'never'>('ask')
  const terminal = shell?.screen.terminal

  const insert = (text: string) => {
    terminal?.paste(cleanPaste(text))
    terminal?.scrollToBottom()
    terminal?.focus()
  }
  const take = (pasted: string) => {
    const text = cleanPaste(pasted)
    const bracketed = terminal?.modes.bracketedPasteMode ?? false
    if (mustAsk(text, { bracketed, agreed: agreed.current })) setQuestion({ text, runs: !bracketed })
    else if (text !== '') insert(text)
  }
  const latestTake = useRef(take)
  useEffect(() => {
    latestTake.current = take
  })
  useEffect(() => {
    // Before xterm, which would paste control characters as well.
    const paste = (event: ClipboardEvent) => {
      event.preventDefault()
      event.stopPropagation()
      latestTake.current(event.clipboardData?.getData('text/plain') ?? '')
    }
    const place = host.current
    place?.addEventListener('paste', paste, { capture: true })
    return () => place?.removeEventListener('paste', paste, { capture: true })
  }, [host])

  /** Copies text. Returns whether the browser allowed it; otherwise, a dialog with the text has the focus. */
  const copy = (text: string): boolean => {
    if (text === '' || !copyOrShow(text)) return false
    terminal?.clearSelection()
    terminal?.focus()
    return true
  }

  return {
    question,
    offered,
    copy: () => void copy(terminal?.getSelection() ?? ''),
    /** Touch screens select nothing in a terminal: without a selection, copies what is on the screen. */
    copyVisible: () => {
      const selected = terminal?.getSelection() ?? ''
      const isCopied = copy(selected || (shell?.screen.visibleText ?? ''))
      if (isCopied && selected === '') notices.done('The text on the screen was copied')
    },
    /** Asked for without a key: only pages on https and localhost may read the clipboard, others get a field. */
    paste: async () => {
      const bracketed = terminal?.modes.bracketedPasteMode ?? false
      const text = await readClipboard()
      if (text === null) setQuestion({ text: '', runs: !bracketed })
      else take(text)
    },
    answer: (text: string, remember: boolean) => {
      agreed.current ||= remember && question?.text !== ''
      setQuestion(null)
      insert(text)
    },
    closeQuestion: () => setQuestion(null),
    /** A program wants to put text in the clipboard. */
    offer: (text: string) => {
      // The browser may refuse without a click; then the text is offered again.
      if (mayCopy.current === 'never' || (mayCopy.current === 'yes' && copyText(text))) return
      setOffered(text)
    },
    allow: () => {
      mayCopy.current = 'yes'
      if (offered !== null) copy(offered)
      setOffered(null)
    },
    deny: () => {
      mayCopy.current = 'never'
      setOffered(null)
      terminal?.focus()
    },
  }
}

async function readClipboard(): Promise<string | null> {
  try {
    return await navigator.clipboard.readText()
  } catch {
    return null
  }
}
