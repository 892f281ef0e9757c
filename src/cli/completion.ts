/** What can follow on a command line, read from the command's own tree. */
import type { Command } from 'commander'

export interface Completion {
  /** Commands, options and fixed values. */
  readonly words: readonly { readonly word: string; readonly about: string }[]
  /** What else may stand here: a file, or the name of a reservation or container. */
  readonly more: 'files' | 'names' | null
}

/** Returns what may follow `typed`, the words after `berth`. */
export function complete(program: Command, typed: readonly string[]): Completion {
  if (typed.includes('--')) return { words: [], more: 'files' }
  let command = program
  let options = optionsOf(program)
  let open: (typeof options)[number] | undefined
  for (const word of typed) {
    if (open) {
      open = undefined
      continue
    }
    command = findCommand(command, word) ?? command
    options = optionsOf(command)
    open = options.find((option) => option.required && [option.short, option.long].includes(word))
  }
  if (open) return { words: fixed(open.argChoices), more: open.flags.includes('<file>') ? 'files' : null }
  const help = command.createHelp()
  const [argument] = command.registeredArguments
  const words = [
    ...help.visibleCommands(command).map((inner) => ({
      word: inner.name(),
      about: inner.summary() || inner.description(),
    })),
    ...options.flatMap(({ short, long, description }) =>
      [short, long].flatMap((flag) => (flag === undefined ? [] : [{ word: flag, about: description }])),
    ),
    ...fixed(argument?.argChoices),
  ]
  return { words, more: MORE[argument?.name() ?? ''] ?? null }
}

/** What the arguments of these names can be. */
const MORE: Readonly<Record<string, Completion['more']>> = {
  name: 'names',
  target: 'names',
  names: 'names',
  file: 'files',
  paths: 'files',
  command: 'files',
}

export function findCommand(command: Command, name: string): Command | undefined {
  return command.commands.find((inner) => inner.name() === name || inner.aliases().includes(name))
}

function optionsOf(command: Command) {
  const help = command.createHelp()
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]
}

function fixed(choices: readonly string[] = []): Completion['words'] {
  return choices.map((word) => ({ word, about: '' }))
}
