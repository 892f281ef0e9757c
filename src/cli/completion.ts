/** Completion for shells, generated from the command's own tree, so that it knows what the command knows. */
import type { Argument, Command, Option } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export function completionScript(program: Command, shell: Shell): string {
  const places = describe(program, [])
  return { bash, zsh, fish }[shell](places)
}

/** What can follow a value's place. */
type Values = 'file' | 'name' | 'none' | readonly string[]

interface Place {
  /** "" for the command itself, "token create" for a command of a command. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly about: string }[]
  readonly options: readonly {
    readonly flags: readonly string[]
    readonly about: string
    readonly values: Values | null
  }[]
  /** What its arguments can be. */
  readonly values: Values
}

function describe(command: Command, inherited: readonly Option[], parents: readonly string[] = []): Place[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const own = help.visibleOptions(command)
  const options = [...own, ...inherited.filter((option) => !own.some((each) => each.long === option.long))]
  const passedOn = options.filter((option) => option.long !== '--help' && option.long !== '--version')
  const place: Place = {
    path: parents.join(' '),
    commands: commands.map((inner) => ({ name: inner.name(), about: inner.summary() || inner.description() })),
    options: options.map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      about: option.description,
      values: option.required ? valuesOfOption(option) : null,
    })),
    values: valuesOfArguments(command.registeredArguments),
  }
  return [place, ...commands.flatMap((inner) => describe(inner, passedOn, [...parents, inner.name()]))]
}

function valuesOfOption({ argChoices, flags }: Option): Values {
  return argChoices ?? (/<file>/.test(flags) ? 'file' : 'none')
}

function valuesOfArguments([first]: readonly Argument[]): Values {
  if (!first) return 'none'
  if (first.argChoices) return first.argChoices
  return ['name', 'names'].includes(first.name()) ? 'name' : first.name() === 'command' ? 'file' : 'none'
}

function wordsOf({ commands, options, values }: Place): string {
  const flags = options.flatMap((option) => option.flags)
  const fixed = typeof values === 'string' ? [] : values
  return [...commands.map(({ name }) => name), ...flags, ...fixed].join(' ')
}

const NAMES = '$(berth completion names 2>/dev/null)'

function bash(places: readonly Place[]): string {
  const steps = places.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`)
  const valued = places.flatMap(({ path, options }) =>
    options.flatMap(({ flags, values }) =>
      values === null
        ? []
        : [`    ${flags.map((flag) => `"${path} ${flag}"`).join('|')}) ${bashValues(values)} return ;;`],
    ),
  )
  const words = places.map((place) => {
    const names = place.values === 'name' ? ` ${NAMES}` : ''
    return `    "${place.path}") words="${wordsOf(place)}${names}" ;;`
  })
  return `# berth's completion for bash, made by \`berth completion bash\`.
_berth() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} path= next words= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -- ]] && return
    next=\${path:+$path }\${COMP_WORDS[i]}
    case "$next" in
    ${steps.join('|')}) path=$next ;;
    esac
  done
  case "$path $previous" in
${valued.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _berth berth
`
}

function bashValues(values: Values): string {
  if (values === 'file') return 'mapfile -t COMPREPLY < <(compgen -f -- "$current");'
  if (values === 'name') return `mapfile -t COMPREPLY < <(compgen -W "${NAMES}" -- "$current");`
  if (values === 'none') return 'compopt +o default;'
  return `mapfile -t COMPREPLY < <(compgen -W "${values.join(' ')}" -- "$current");`
}

function zsh(places: readonly Place[]): string {
  const steps = places.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`)
  const valued = places.flatMap(({ path, options }) =>
    options.flatMap(({ flags, values }) =>
      values === null
        ? []
        : [`    ${flags.map((flag) => `"${path} ${flag}"`).join('|')}) ${zshValues(values)}; return ;;`],
    ),
  )
  const cases = places.map((place) => {
    const described = [
      ...place.commands.map(({ name, about }) => zshEntry(name, about)),
      ...place.options.flatMap(({ flags, about }) => flags.map((flag) => zshEntry(flag, about))),
    ]
    const more = place.values === 'none' ? '' : `; ${zshValues(place.values)}`
    return `    "${place.path}") entries=(${described.join(' ')}); _describe berth entries${more} ;;`
  })
  return `#compdef berth
# berth's completion for zsh, made by \`berth completion zsh\`.
_berth() {
  local where= next i
  local -a entries
  for ((i = 2; i < CURRENT; i++)); do
    [[ \${words[i]} == -- ]] && { _files; return }
    next=\${where:+$where }\${words[i]}
    case "$next" in
    ${steps.join('|')}) where=$next ;;
    esac
  done
  case "$where \${words[CURRENT - 1]}" in
${valued.join('\n')}
  esac
  case "$where" in
${cases.join('\n')}
  esac
}
compdef _berth berth
`
}

function zshValues(values: Values): string {
  if (values === 'file') return '_files'
  if (values === 'name') return `compadd -- \${(f)"${NAMES}"}`
  return values === 'none' ? ':' : `compadd -- ${values.join(' ')}`
}

function zshEntry(word: string, about: string): string {
  return singleQuoted(`${word.replaceAll(':', '\\:')}:${firstLine(about)}`)
}

function fish(places: readonly Place[]): string {
  const paths = places.map(({ path }) => singleQuotedForFish(path)).filter((path) => path !== "''")
  const lines = places.flatMap(({ path, commands, options, values }) => {
    const here = `complete -c berth -n ${singleQuotedForFish(`__berth_at ${singleQuotedForFish(path)}`)}`
    const more = values === 'none' ? [] : [`${here} ${fishValues(values)}`]
    return [
      ...commands.map(({ name, about }) => `${here} -f -a ${name} -d ${singleQuotedForFish(firstLine(about))}`),
      ...options.map((option) => `${here} ${fishOption(option)}`),
      ...more,
    ]
  })
  return `# berth's completion for fish, made by \`berth completion fish\`.
function __berth_at
  set -l where ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$where $word")
    contains -- "$next" ${paths.join(' ')}; and set where "$next"
  end
  test "$where" = "$argv[1]"
end
complete -c berth -e
complete -c berth -f
${lines.join('\n')}
`
}

function fishOption({ flags, about, values }: Place['options'][number]): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const wanted = values === null ? '' : ` -r ${fishValues(values)}`
  return `${names.join(' ')}${wanted} -d ${singleQuotedForFish(firstLine(about))}`
}

function fishValues(values: Values): string {
  if (values === 'file') return '-F'
  if (values === 'name') return "-f -a '(berth completion names 2>/dev/null)'"
  return values === 'none' ? '-f' : `-f -a ${singleQuotedForFish(values.join(' '))}`
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Inside fish's quotes a backslash means itself, but before these two. */
function singleQuotedForFish(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}
