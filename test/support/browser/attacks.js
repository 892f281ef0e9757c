// Attacks that run in a page of another site. Each resolves with what the page received, or with null.
globalThis.attacks = (manager, terminal, ticket) => {
  const credentials = 'include'
  const fetched = async (path, options = {}) => {
    try {
      const response = await fetch(manager + path, { credentials, ...options })
      return `${response.type} ${response.status}`
    } catch {
      return null
    }
  }
  const json = { 'content-type': 'application/json' }
  const text = { method: 'POST', mode: 'no-cors', body: '{}', headers: { 'content-type': 'text/plain' } }

  // The element loads, or reports an error. Frames load an error page: their attack waits for that.
  const element = (name, attributes) =>
    new Promise((resolve) => {
      const made = Object.assign(document.createElement(name), attributes)
      made.addEventListener('load', () => resolve(name === 'iframe' ? null : `${name} loaded`))
      made.addEventListener('error', () => resolve(null))
      document.body.append(made)
    })
  const form = (path, enctype) =>
    new Promise((resolve) => {
      const frame = Object.assign(document.createElement('iframe'), { name: `frame${Math.random()}` })
      document.body.append(frame)
      const made = Object.assign(document.createElement('form'), { action: manager + path, method: 'POST', enctype })
      made.target = frame.name
      made.append(Object.assign(document.createElement('input'), { name: '{"a":"', value: '"}' }))
      document.body.append(made)
      frame.addEventListener('load', () => resolve(null))
      made.submit()
    })
  const socket = (protocols) =>
    new Promise((resolve) => {
      const made = new WebSocket(`${manager.replace('http', 'ws')}/v1/terminals/${terminal}`, protocols)
      made.addEventListener('open', () => resolve('open'))
      made.addEventListener('error', () => resolve(null))
    })
  const source = () =>
    new Promise((resolve) => {
      const made = new EventSource(`${manager}/v1/events?live=true`, { withCredentials: true })
      made.addEventListener('open', () => resolve('open'))
      made.addEventListener('error', () => {
        made.close()
        resolve(null)
      })
    })

  return {
    'GET /v1/reservations': () => fetched('/v1/reservations'),
    'GET /v1/pools': () => fetched('/v1/pools', { mode: 'no-cors' }),
    'GET /reserve': () => fetched('/reserve?username=mallory'),
    'GET /release_all': () => fetched('/release_all', { mode: 'no-cors' }),
    'POST /v1/release-all': () => fetched('/v1/release-all', text),
    'POST /v1/reservations': () => fetched('/v1/reservations', { ...text, body: '{"username":"mallory"}' }),
    'json OPTIONS (no route)': () =>
      fetched('/v1/tokens', { method: 'POST', headers: json, body: '{"name":"mallory","role":"admin"}' }),
    'delete OPTIONS (no route)': () => fetched(`/v1/reservations/${terminal}`, { method: 'DELETE' }),
    'image GET /release_all': () => element('img', { src: `${manager}/release_all` }),
    'image GET /reserve': () => element('img', { src: `${manager}/reserve?username=mallory` }),
    'script GET /v1/containers': () => element('script', { src: `${manager}/v1/containers` }),
    'style GET /release_all': () => element('link', { rel: 'stylesheet', href: `${manager}/release_all` }),
    'frame GET /ui': () => element('iframe', { src: `${manager}/ui/` }),
    'frame GET /release_all': () => element('iframe', { src: `${manager}/release_all` }),
    'form POST /v1/release-all': () => form('/v1/release-all', 'text/plain'),
    'form POST /v1/reservations': () => form('/v1/reservations', 'application/x-www-form-urlencoded'),
    'socket GET /v1/terminals/:id': () => socket(['berth.v1', `ticket.${ticket}`]),
    'stream GET /v1/events': () => fetched('/v1/events?live=true'),
    'source GET /v1/events': source,
  }
}
