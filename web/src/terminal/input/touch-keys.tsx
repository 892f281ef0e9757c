/** Typing on touch screens: a line that is sent as a whole, and the keys that their keyboards lack. */
import { Button } from '@mantine/core'
import { type Ref, useState } from 'react'
import { controlInput, keyInput, type TouchKey } from './touch-input.ts'
import styles from './touch-keys.module.css'

const KEYS: readonly (readonly [key: TouchKey, face: string, label: string])[] = [
  ['Esc', 'Esc', 'Esc'],
  ['Tab', 'Tab', 'Tab'],
  ['ArrowUp', '↑', 'Up'],
  ['ArrowDown', '↓', 'Down'],
  ['ArrowLeft', '←', 'Left'],
  ['ArrowRight', '→', 'Right'],
]

export function TouchKeys(props: {
  readonly field: Ref<HTMLInputElement>
  readonly type: (text: string) => void
  /** Whether the program wants arrows as ESC O. */
  readonly application: () => boolean
}) {
  const { field, type, application } = props
  const [line, setLine] = useState('')
  const [ctrl, setCtrl] = useState(false)
  const press = (key: TouchKey) => {
    type(keyInput(key, line, application()))
    setLine('')
  }
  const change = (text: string) => {
    const control = ctrl && text.length > line.length ? controlInput(text.at(-1) ?? '') : null
    if (control === null) {
      setLine(text)
      return
    }
    type(line + control)
    setLine('')
    setCtrl(false)
  }
  return (
    <form
      className={styles['touch']}
      onSubmit={(event) => {
        event.preventDefault()
        type(`${line}\r`)
        setLine('')
      }}
    >
      <div className={styles['keys']}>
        <Button
          variant={ctrl ? 'filled' : 'default'}
          aria-pressed={ctrl}
          aria-label="Ctrl, for the next letter"
          // The focus, and with it the keyboard of the screen, stays in the field.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => setCtrl(!ctrl)}
        >
          Ctrl
        </Button>
        {KEYS.map(([key, face, label]) => (
          <Button
            key={key}
            aria-label={label}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => press(key)}
          >
            {face}
          </Button>
        ))}
      </div>
      <div className={styles['line']}>
        <input
          ref={field}
          className={styles['field']}
          aria-label={ctrl ? 'Letter to press with Ctrl' : 'Line to send'}
          placeholder={ctrl ? 'Ctrl + letter' : 'Type, then send'}
          value={line}
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="send"
          onChange={(event) => change(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled" onPointerDown={(event) => event.preventDefault()}>
          Send
        </Button>
      </div>
    </form>
  )
}
