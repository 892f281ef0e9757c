import { Argument, type Command } from 'commander'
import { completionScript, SHELLS, type Shell } from '../completion.ts'
import { CURRENT, listReservations, short } from '../reservations.ts'
import { type Cli, openSession } from '../session.ts'

const ABOUT = `Prints what makes a shell complete berth's commands, options, and the names of what you have reserved:

  bash   source <(berth completion bash)             # in ~/.bashrc
  zsh    source <(berth completion zsh)              # in ~/.zshrc, after compinit
  fish   berth completion fish | source              # in ~/.config/fish/config.fish`

export function addCompletion(program: Command, cli: Cli): void {
  const completion = program
    .command('completion')
    .summary('print the completion for a shell')
    .description(ABOUT)
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => void cli.stdout.write(completionScript(program, shell)))

  // For the scripts themselves.
  completion.command('names', { hidden: true }).action(async (_options: object, command: Command) => {
    const { client } = openSession(cli, command)
    const reservations = await listReservations(client, CURRENT)
    const names = reservations.flatMap(({ id, containers }) => [short(id), ...containers.map(({ name }) => name)])
    for (const name of names) cli.stdout.write(`${name}\n`)
  })
}
