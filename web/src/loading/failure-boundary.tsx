/** Shows a problem in place of a part of the page that failed. Without it, one fault would leave an empty window. */
import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { ProblemNote } from '../parts/problem-note.tsx'

interface Props {
  /** What the part is, for the sentence: "this page". */
  readonly what: string
  /** Another value shows the part again, such as the path of the next page. */
  readonly place: string
  readonly children: ReactNode
}

interface State {
  readonly failure: { readonly error: unknown } | null
  readonly place: string
}

export class FailureBoundary extends Component<Props, State> {
  override readonly state: State = { failure: null, place: this.props.place }

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { failure: { error } }
  }

  static getDerivedStateFromProps({ place }: Props, state: State): State | null {
    return place === state.place ? null : { failure: null, place }
  }

  override render(): ReactNode {
    const { failure } = this.state
    if (!failure) return this.props.children
    return (
      <>
        <ProblemNote title={`Berth could not show ${this.props.what}`} error={failure.error} />
        <Button mt="sm" onClick={() => location.reload()}>
          Reload
        </Button>
      </>
    )
  }
}
