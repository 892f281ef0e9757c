/** Refuses a wrong command line of a program that `just` runs: one line, and exit code 2. */
export function refuse(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
