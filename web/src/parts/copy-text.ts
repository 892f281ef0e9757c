/**
 * Copies text, and returns whether the browser did. navigator.clipboard exists on https and localhost only; the older
 * command also works on plain http, and needs a selection in a text field.
 */
export function copyText(text: string): boolean {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.setAttribute('readonly', '')
  field.style.position = 'fixed'
  field.style.opacity = '0'
  // Inside an open dialog, because a dialog takes the focus away from what is outside of it.
  const parent = before?.closest('[role="dialog"]') ?? document.body
  parent.append(field)
  field.select()
  try {
    return document.execCommand('copy')
  } finally {
    field.remove()
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  }
}
