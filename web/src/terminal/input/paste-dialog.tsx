/** Shows text before it is pasted. Also takes it where the browser pastes into fields only, as on plain http. */
import { Button, Checkbox, Group, Modal, Textarea } from '@mantine/core'
import { useState } from 'react'
import { lineCount } from '../screen/paste-rules.ts'

export interface PasteQuestion {
  /** Empty: the person pastes it into the field. */
  readonly text: string
  /** Each line runs immediately: the program does not distinguish pasted from typed text. */
  readonly runs: boolean
}

export function PasteDialog(props: {
  readonly question: PasteQuestion
  readonly onPaste: (text: string, agreed: boolean) => void
  readonly onClose: () => void
}) {
  const { question, onPaste, onClose } = props
  const [text, setText] = useState(question.text)
  const [agreed, setAgreed] = useState(true)
  const lines = lineCount(text)
  return (
    <Modal opened onClose={onClose} title={question.text === '' ? 'Paste into the terminal' : `Paste ${lines} lines?`}>
      {question.runs && lines > 1 && (
        <p className="needs-person">
          Each line runs immediately: the program does not distinguish pasted from typed text.
        </p>
      )}
      <Textarea
        data-autofocus={question.text === '' ? true : undefined}
        aria-label="Text to paste"
        description={question.text === '' ? 'Press Ctrl+V (⌘V) here.' : undefined}
        autosize
        minRows={4}
        maxRows={14}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && onPaste(text, agreed)}
      />
      {!question.runs && lines > 1 && (
        <Checkbox
          mt="sm"
          label="Do not ask again in this terminal"
          checked={agreed}
          onChange={(event) => setAgreed(event.currentTarget.checked)}
        />
      )}
      <Group justify="flex-end" mt="md">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant="filled"
          data-autofocus={question.text === '' ? undefined : true}
          disabled={text === ''}
          title="Ctrl+Enter"
          onClick={() => onPaste(text, agreed)}
        >
          Paste
        </Button>
      </Group>
    </Modal>
  )
}
