/** Builds the dashboard: `just setup` runs it through scripts/lib/web. Its own server is for work on the dashboard. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/ui/',
  plugins: [react()],
  // The manager beside which `vite` serves the sources; it must allow callers without a token.
  server: { proxy: { '^/(v1|docs|openapi.json)': 'http://127.0.0.1:8080' } },
  build: { target: 'es2023', sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
})
