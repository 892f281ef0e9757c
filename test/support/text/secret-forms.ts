/** Where a secret is in some text or bytes, in any form that it may have taken on its way there. */

/** As it is, for a URL, and as what programs make of bytes. */
export function formsOf(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret)
  const escaped = JSON.stringify(secret).slice(1, -1)
  const forms = {
    plain: secret,
    json: escaped,
    url: encodeURIComponent(secret),
    form: new URLSearchParams({ '': secret }).toString().slice(1),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
  }
  // In Base64 it looks different at each of three places of a longer text; what is the same whatever stands beside it
  // is sought.
  const inside = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '')
    const whole = Math.floor(((before + bytes.length) * 8) / 6)
    return [`base64 at ${before}`, text.slice(Math.ceil((before * 8) / 6), whole)] as const
  })
  return { ...forms, ...Object.fromEntries(inside) }
}

/** "admin token as hex in events" for each that is found. `secrets` and `places` by their names. */
export function findSecrets(
  secrets: Readonly<Record<string, string>>,
  places: Readonly<Record<string, string | Buffer>>,
): string[] {
  const found: string[] = []
  for (const [place, content] of Object.entries(places)) {
    const text = Buffer.isBuffer(content) ? content.toString('latin1') : Buffer.from(content).toString('latin1')
    const lower = text.toLowerCase()
    for (const [name, secret] of Object.entries(secrets)) {
      for (const [form, shape] of Object.entries(formsOf(secret))) {
        const sought = Buffer.from(shape).toString('latin1')
        // A URL may be written in capitals or not.
        const there = form === 'url' || form === 'form' ? lower.includes(sought.toLowerCase()) : text.includes(sought)
        if (there) found.push(`${name} as ${form} in ${place}`)
      }
    }
  }
  return found
}
