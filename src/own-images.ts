/** Prints the images that set-up and `just image` build, one per line: the name, and the base if it is pinned. */
import { loadConfig } from './config/config.ts'
import { printAndExit } from './banner.ts'

if (import.meta.main) {
  try {
    for (const { name, base } of loadConfig().images) process.stdout.write(`${name} ${base ?? ''}\n`)
  } catch (error) {
    printAndExit(error)
  }
}
