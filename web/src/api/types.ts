/** Types of the API that pages use. */
export type {
  Container,
  EngineNode,
  Event,
  Me,
  Pool,
  ReadinessProblem,
  Reservation,
  Reserved,
  ReserveRequest,
  Series,
  Token,
  Usage,
} from '../../../src/client/client.ts'
