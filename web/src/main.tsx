/** Starts the dashboard in index.html. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { setNonce } from 'get-nonce'
import './theme/mantine.ts'
import './theme/states.css'
import './theme/global.css'
import { App } from './app.tsx'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element #root')
const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ''
// For the style of react-remove-scroll, which Mantine's dialogs use.
setNonce(styleNonce)
createRoot(root).render(
  <StrictMode>
    <App styleNonce={styleNonce} />
  </StrictMode>,
)
