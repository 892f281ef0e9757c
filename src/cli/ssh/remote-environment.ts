/**
 * Environment variables for a command in a container. They travel on stdin, in a login of their own: arguments of ssh
 * are visible to other users of this machine, and sshd accepts only the variables that the image allows.
 */
import { forShell } from '../../domain/text/foreign-text.ts'
import { EXIT, Failure } from '../failures.ts'
import { type Login, withSshCommand } from './command.ts'
import { runSsh } from './external-commands.ts'

/** Below the home folder of the account. Removed before the command starts. */
const FILE = '.berth-env'

/** Parses "NAME=VALUE", or "NAME" for the value that it has here. Throws a `Failure` for anything else. */
export function parseVariable(
  text: string,
  here: Readonly<Record<string, string | undefined>>,
): readonly [name: string, value: string] {
  const [, name, given] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? []
  if (name === undefined) {
    const advice = 'expected NAME=VALUE, or NAME for the value that it has here'
    // Not shown: it may be a secret.
    throw new Failure(EXIT.usage, 'invalid variable in --env', { advice })
  }
  const value = given ?? here[name]
  if (value === undefined) {
    throw new Failure(EXIT.usage, `the variable ${name} is not set here`, { advice: `--env ${name}=VALUE sets it` })
  }
  return [name, value]
}

/** Writes the variables into the container. Returns the words of a command with which it finds them. */
export async function withVariables(
  login: Login,
  variables: readonly (readonly [name: string, value: string])[],
  commandLine: string,
): Promise<readonly string[]> {
  if (variables.length === 0) return [commandLine]
  const command = [`umask 077; cat >"$HOME/${FILE}"`]
  const code = await withSshCommand({ ...login, command }, (args) => {
    const run = runSsh(args, ['pipe', 'ignore', 'inherit'])
    run.input?.end(variables.map(([name, value]) => `export ${name}=${forShell(value)}\n`).join(''))
    return run.done
  })
  if (code !== 0) throw new Failure(EXIT.failed, `the variables of --env could not be written (${code})`)
  return [`. "$HOME/${FILE}"; rm -f "$HOME/${FILE}"; ${commandLine}`]
}
