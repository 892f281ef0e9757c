import { globSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
for (const file of globSync('src/**/*.ts', { cwd: root, exclude: ['src/cli/main.ts'] })) {
  await import(new URL(file, root).href)
}
// Threads load their module in their own way, and what that makes is kept apart.
const { createHashing } = await import('../../src/accounts/hashing.ts')
await createHashing()('')
