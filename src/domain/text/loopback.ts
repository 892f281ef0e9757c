/** Addresses that stay on this machine. */

/** Whether a host name or an IP address (IPv6 without brackets) is this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(host)
}

/** Whether the host of a URL is this machine. */
export function hasLoopbackHost(url: URL | null): boolean {
  return url !== null && isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
}

/** Whether no other machine can answer in its place: HTTPS, or plain HTTP that does not leave this machine. */
export function isSecureUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && hasLoopbackHost(url)
}
