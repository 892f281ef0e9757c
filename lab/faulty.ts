/**
 * When a fault strikes: instead of the call, or after it took effect, as when an answer is lost. `late` only delays
 * the call. `instead` answers without the call, as from a cache.
 */
export type Fault =
  | { readonly when: 'before' | 'after'; readonly error: Error }
  | { readonly when: 'late'; readonly until: Promise<unknown> }
  | { readonly when: 'instead'; readonly answer: unknown }

/** Members of ports that answer at once, and never fail. */
export const AT_ONCE: ReadonlySet<string> = new Set(['watch', 'onEvents', 'presence', 'lentTo'])

/** Decides on the nth call (from 1) of a verb. */
export type FaultRule = (verb: string, nth: number, args: readonly unknown[]) => Fault | null

/** The same port, with failures injected into its verbs (the methods that return a promise). */
export function faulty<Port extends object>(port: Port, rule: FaultRule): Port {
  const counts = new Map<string, number>()
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      if (typeof member !== 'function' || typeof property !== 'string') return member
      if (AT_ONCE.has(property)) return member.bind(target)
      return (...args: unknown[]) => {
        const nth = (counts.get(property) ?? 0) + 1
        counts.set(property, nth)
        const fault = rule(property, nth, args)
        const call = (): unknown => Reflect.apply(member, target, args)
        return fault === null ? call() : strike(fault, call)
      }
    },
  })
}

async function strike(fault: Fault, call: () => unknown): Promise<unknown> {
  if (fault.when === 'instead') return fault.answer
  if (fault.when === 'late') await fault.until
  if (fault.when === 'late') return call()
  if (fault.when === 'after') await call()
  throw fault.error
}

/** A rule for the common case: the nth call of one verb. */
export function onCall(verb: string, nth: number, fault: Fault): FaultRule {
  return (called, count) => (called === verb && count === nth ? fault : null)
}
