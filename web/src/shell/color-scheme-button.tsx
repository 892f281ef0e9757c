import { ActionIcon, useMantineColorScheme } from '@mantine/core'
import { Monitor, Moon, Sun } from 'lucide-react'

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' } as const
const LABELS = { auto: 'as the system', light: 'light', dark: 'dark' } as const
const ICONS = { auto: Monitor, light: Sun, dark: Moon } as const

export function ColorSchemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Icon = ICONS[colorScheme]
  const label = `Colours: ${LABELS[colorScheme]}. Change to ${LABELS[NEXT[colorScheme]]}`
  return (
    <ActionIcon aria-label={label} title={label} onClick={() => setColorScheme(NEXT[colorScheme])}>
      <Icon size={16} aria-hidden />
    </ActionIcon>
  )
}
