import { Button, Group } from '@mantine/core'

interface DialogButtonsProps {
  /** Label of the button that sends the form: a verb with its object. */
  readonly submit: string
  /** Label while the form is being sent: "saving …". */
  readonly pending: string
  readonly isPending: boolean
  readonly onCancel: () => void
}

/** The buttons below a form in a dialog. */
export function DialogButtons({ submit, pending, isPending, onCancel }: DialogButtonsProps) {
  return (
    <Group justify="flex-end" mt="md">
      <Button onClick={onCancel}>Cancel</Button>
      <Button type="submit" variant="filled" aria-disabled={isPending}>
        {isPending ? pending : submit}
      </Button>
    </Group>
  )
}
