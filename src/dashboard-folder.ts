import { fileURLToPath } from 'node:url'

/** Returns the folder of the built dashboard, which exists after `just setup`. */
export function dashboardFolder(): string {
  return fileURLToPath(new URL('../web/dist', import.meta.url))
}
