import { Argument, type Command } from 'commander'
import { isPlainName } from '../../domain/text/foreign-text.ts'
import { complete } from '../completion.ts'
import { CURRENT, listReservations, short } from '../reservations/lookup.ts'
import { type Cli, openContext } from '../command-context.ts'

const ABOUT = `Prints a script with which a shell completes berth's commands, options, and the names of your
reservations and containers:

  bash   source <(berth completion bash)             # in ~/.bashrc
  zsh    source <(berth completion zsh)              # in ~/.zshrc, after compinit
  fish   berth completion fish | source              # in ~/.config/fish/config.fish`

/** A line that asks the shell to complete file names. No word is like it. */
const FILES = ':files'
/**
 * The scripts accept no other words, whatever the \`berth\` in the PATH prints: a word becomes part of the user's
 * command line.
 */
const WORD = '[A-Za-z0-9_-][A-Za-z0-9._-]*'

const SCRIPTS = {
  bash: `# Completion of berth for bash, printed by \`berth completion bash\`.
_berth() {
  local word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    if [[ $word == ${FILES} ]]; then compopt -o default
    elif [[ $word =~ ^${WORD}$ ]]; then COMPREPLY+=("$word")
    fi
  done < <(berth completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _berth berth
`,
  zsh: `#compdef berth
# Completion of berth for zsh, printed by \`berth completion zsh\`.
_berth() {
  local word about files
  local -a entries
  while IFS=$'\\t' read -r word about; do
    if [[ $word == ${FILES} ]]; then files=yes
    elif [[ $word =~ '^${WORD}$' ]]; then entries+=("$word:$about")
    fi
  done < <(berth completion words -- "\${(@)words[2,CURRENT-1]}" '' 2>/dev/null)
  _describe berth entries
  [[ -z $files ]] || _files
}
compdef _berth berth
`,
  fish: `# Completion of berth for fish, printed by \`berth completion fish\`.
function __berth
  set -l typed (commandline -opc)
  for line in (berth completion words -- $typed[2..] '' 2>/dev/null)
    if test "$line" = ${FILES}
      __fish_complete_path (commandline -ct)
    else
      string match -r -- '^${WORD}(?:\\t.*)?$' $line
    end
  end
end
complete -c berth -e
complete -c berth -f -a '(__berth)'
`,
} as const

export function addCompletion(program: Command, cli: Cli): void {
  const completion = program
    .command('completion')
    .summary('print the completion for a shell')
    .description(ABOUT)
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => void cli.stdout.write(SCRIPTS[shell]))

  completion
    .command('words', { hidden: true })
    .description('for the scripts: the words that may follow, one a line, each with a tab and its description')
    .argument('[typed...]', 'the words after berth; the last one is still being typed')
    .action(async (typed: string[], _options: object, command: Command) => {
      const current = typed.at(-1) ?? ''
      const { words, more } = complete(program, typed.slice(0, -1))
      for (const { word, about } of words) {
        if (word.startsWith(current)) cli.stdout.write(`${word}\t${about.split('\n')[0]}\n`)
      }
      if (more === 'files') cli.stdout.write(`${FILES}\n`)
      if (more !== 'names' || current.startsWith('-')) return
      const reservations = await listReservations(openContext(cli, command).client, CURRENT)
      const names = reservations.flatMap(({ id, name, username, containers }) => [
        short(id),
        name,
        ...containers.map((each) => each.name),
        username,
      ])
      // Only plain names are offered: a shell would expand other text, or the user would run it.
      for (const name of new Set(names.filter(isPlainName))) {
        if (name.startsWith(current)) cli.stdout.write(`${name}\n`)
      }
    })
}
