import { globSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
for (const file of globSync('src/**/*.ts', { cwd: root, exclude: ['src/cli/main.ts'] })) {
  await import(new URL(file, root).href)
}
// Threads load their module separately, with a cache entry of its own.
const { createHashing } = await import('../../src/accounts/hashing/hashing.ts')
await createHashing()('')
