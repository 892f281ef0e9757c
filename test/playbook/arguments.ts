export interface Arguments {
  readonly username: string
  readonly password: string
  readonly count: number
}

const usage = 'usage: just test-playbook username="test" password="test" count=1'

/** `key=value` in any order; everything behind the first "=" is the value. Throws an Error that says what was wrong. */
export function parseArguments(args: readonly string[]): Arguments {
  const values = new Map([
    ['username', 'test'],
    ['password', 'test'],
    ['count', '1'],
  ])
  const given = new Set<string>()
  for (const arg of args) {
    const at = arg.indexOf('=')
    const key = arg.slice(0, Math.max(at, 0))
    if (!values.has(key))
      throw new Error(`${JSON.stringify(arg)} is not one of username=…, password=…, count=…\n${usage}`)
    if (given.has(key)) throw new Error(`${key} is given twice\n${usage}`)
    given.add(key)
    values.set(key, arg.slice(at + 1))
  }
  const { username = '', password = '', count = '' } = Object.fromEntries(values)
  return { username, password, count: parseCount(count) }
}

function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= 20) return count
  throw new Error(`count must be a whole number from 1 to 20, not ${JSON.stringify(text)}\n${usage}`)
}
