/** Builds the dashboard. `npm run` is not used: `just setup` runs scripts/lib/web. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/ui/',
  plugins: [react()],
  build: { target: 'es2023', sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
})
