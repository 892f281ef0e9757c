/** The state of a container as a coloured shape, with the word beside it or for screen readers only. */
import type { Container } from '../api/types.ts'

export type ContainerState = Container['state']

/** Shapes differ, so that states can be distinguished without colours. The box is 12 by 12. */
const SHAPES: Readonly<Record<ContainerState, React.ReactNode>> = {
  ready: <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" strokeWidth="2" />,
  reserved: <circle cx="6" cy="6" r="5.5" fill="currentColor" />,
  creating: (
    <>
      <circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 6V1A5 5 0 0 1 11 6Z" fill="currentColor" />
    </>
  ),
  removing: (
    <circle cx="6" cy="6" r="4.8" fill="none" stroke="currentColor" strokeWidth="1.8" strokeDasharray="2.5 2.5" />
  ),
  broken: <path d="M6 0.5 11.7 11H0.3Z" fill="currentColor" />,
  quarantined: (
    <>
      <rect x="0.8" y="0.8" width="10.4" height="10.4" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M1 7 7 1M2 11 11 2M6.5 11.5 11.5 6.5" stroke="currentColor" strokeWidth="1.4" />
    </>
  ),
}

export function StateMark({ state, word = false }: { readonly state: ContainerState; readonly word?: boolean }) {
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      <svg
        width="12"
        height="12"
        viewBox="0 0 12 12"
        role={word ? undefined : 'img'}
        aria-label={word ? undefined : state}
        aria-hidden={word ? true : undefined}
        style={{ color: `var(--state-${state})`, verticalAlign: '-1px' }}
      >
        {SHAPES[state]}
      </svg>
      {word && ` ${state}`}
    </span>
  )
}
