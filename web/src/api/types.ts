/** Shapes of the API, as pages use them. */
export type {
  Container,
  Event,
  Me,
  Pool,
  Reservation,
  Reserved,
  ReserveRequest,
  Series,
  Token,
  Usage,
} from '../../../src/client/client.ts'
